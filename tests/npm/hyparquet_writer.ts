/**
 * Parquet files for tests.
 *
 * @module
 */

// deno-lint-ignore no-import-prefix
export { parquetWriteFile } from "npm:hyparquet-writer@0.17.0";
