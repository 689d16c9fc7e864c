/** Runs the SQL that it is given in the current folder. A process of its own, because a native library needs `--allow-ffi`. */

import { DuckDBInstance } from "../../npm/duckdb.ts";

const instance = await DuckDBInstance.create(":memory:");
const connection = await instance.connect();
await connection.run(Deno.args[0]!);
connection.closeSync();
instance.closeSync();
