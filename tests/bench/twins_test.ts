import assert from "node:assert/strict";
import { twinsExperiment } from "../../bench/experiments/twins.ts";
import { settingsIn } from "./made_up.ts";

Deno.test("every model trains on its twin, with an optimizer chosen on other draws", async () => {
  const lines: string[] = [];
  const { tables } = await twinsExperiment.run(settingsIn("nowhere", {
    threads: null,
    rounds: 1,
    smoke: true,
    say: (line) => lines.push(line),
  }));
  const [results, tried] = tables;
  assert.deepEqual(results!.rows.map(([twin, , inputs]) => [twin, inputs]), [
    ["rm1", 512],
    ["rm2", 512],
    ["rm3", 512],
    ["rm4", 512],
  ]);
  assert.equal(tried!.rows.length, 4);
  const bayes = results!.columns.findIndex(({ name }) => name === "Bayes AUC");
  assert.equal(results!.rows[0]![bayes], null);
  assert.ok(results!.rows.slice(1).every((row) => Number(row[bayes]) > 0.75));
  assert.equal(lines.length, 8);
});
