/**
 * DuckDB, a database as a native library: it needs `--allow-ffi`.
 *
 * @module
 */

// deno-lint-ignore no-import-prefix
export { DuckDBInstance } from "npm:@duckdb/node-api@1.5.6-r.1";
