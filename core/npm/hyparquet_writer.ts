/**
 * Writing Parquet files. Load it only where one is written.
 *
 * @module
 */

// deno-lint-ignore no-import-prefix
export { ByteWriter, parquetWriteFile, ParquetWriter } from "npm:hyparquet-writer@0.17.0";
