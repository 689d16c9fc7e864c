/**
 * Parquet files. Load it only where one is read.
 *
 * @module
 */

// deno-lint-ignore no-import-prefix
export { parquetMetadataAsync, parquetScan, parquetSchema } from "npm:hyparquet@1.33.0";
// deno-lint-ignore no-import-prefix
export type { ColumnMetaData, Compressors, FileMetaData, PageHeader } from "npm:hyparquet@1.33.0";
// deno-lint-ignore no-import-prefix
export { parquetHeader } from "npm:hyparquet@1.33.0/src/column.js";
export {
  getMaxDefinitionLevel,
  getMaxRepetitionLevel,
  getTreePath,
  // deno-lint-ignore no-import-prefix
} from "npm:hyparquet@1.33.0/src/schema.js";
// deno-lint-ignore no-import-prefix
export { compressors } from "npm:hyparquet-compressors@1.1.1";
