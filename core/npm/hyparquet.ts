/**
 * Parquet files. Load it only where one is read.
 *
 * @module
 */

// deno-lint-ignore no-import-prefix
export { asyncBufferFromFile, parquetMetadataAsync, parquetScan } from "npm:hyparquet@1.33.0";
// deno-lint-ignore no-import-prefix
export { compressors } from "npm:hyparquet-compressors@1.1.1";
