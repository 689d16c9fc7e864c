/** The page's example of a hand-over: what DuckDB writes is read as the rows that it was given. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { openDataset } from "../../../data/open.ts";
import { LOG_SCHEMA_VERSION, type LogSchema } from "../../../data/schema/log_schema.ts";
import { blocksOf, ROOT, section } from "../../docs/page.ts";
import { inFolder, readAll } from "../rows.ts";

const SCHEMA: LogSchema = {
  schema_version: LOG_SCHEMA_VERSION,
  name: "handed over",
  text: { separator: ",", header: true },
  columns: [
    { name: "click", kind: "label" },
    { name: "hour", kind: "time", format: "YYMMDDHH", dense: "hour of day" },
    { name: "user_id", kind: "categorical", ids: "text" },
    { name: "item_id", kind: "categorical", ids: "decimal" },
    { name: "price", kind: "dense" },
  ],
};

async function duckdb(folder: string, sql: string): Promise<void> {
  const script = fileURLToPath(new URL("run_duckdb.ts", import.meta.url));
  const permissions = ["read", "write", "env", "sys", "ffi"].map((name) => `--allow-${name}`);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    cwd: folder,
    args: ["run", "--frozen", `--lock=${ROOT}tests/deno.lock`, ...permissions, script, sql],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

Deno.test("the rows that DuckDB hands over as the page says are those of its log", () =>
  inFolder(async (folder) => {
    const page = await Deno.readTextFile(`${ROOT}docs/data.md`);
    const { text: sql } = blocksOf(section(page, "### Logs too large for one machine"))
      .find(({ language }) => language === "sql")!;
    const header = "click,unused,hour,user_id,item_id,price\n";
    const row = (hour: number, i: number) =>
      `${i % 2},x,141021${String(hour).padStart(2, "0")},user ${i % 9},${
        1_000_000_000_000 + i % 7
      },${i / 4}\n`;
    // The page asks for hours from 21 October on; of one hour there is one row, so that their order is known.
    const hours = Array.from({ length: 24 }, (_, hour) => hour);
    const early = "0,x,14102023,user 1,5,1.5\n";
    await Deno.writeTextFile(
      `${folder}/clicks-a.csv`,
      header + early + hours.slice(12).map((hour) => row(hour, hour)).join(""),
    );
    await Deno.writeTextFile(
      `${folder}/clicks-b.csv`,
      header + hours.slice(0, 12).map((hour) => row(hour, hour)).join(""),
    );
    await Deno.writeTextFile(
      `${folder}/expected.csv`,
      header + hours.map((hour) => row(hour, hour)).join(""),
    );
    await duckdb(folder, sql);
    const open = (name: string) =>
      openDataset({
        ...{ data: [`${folder}/${name}`], cacheDirectory: `${folder}/cache`, schema: SCHEMA },
      });
    using found = await open("clicks.parquet"), expected = await open("expected.csv");
    assert.deepEqual(found.schema, expected.schema);
    for (const split of ["train", "test", "validation"] as const) {
      assert.deepEqual(await readAll(found, split), await readAll(expected, split));
    }
  }));
