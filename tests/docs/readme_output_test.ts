/** README shows what the first command prints: of what is predicted, to the letter. */

import assert from "node:assert/strict";
import type { Experiment } from "../../bench/experiment.ts";
import { breakdownExperiment } from "../../bench/experiments/breakdown.ts";
import { speedupExperiment } from "../../bench/experiments/speedup.ts";
import { trafficExperiment } from "../../bench/experiments/traffic.ts";
import { plansExperiment } from "../../bench/experiments/plans.ts";
import { shortText } from "../../bench/print.ts";
import { buildDocument } from "../../bench/report.ts";
import { settingsIn } from "../bench/made_up.ts";
import { inFolder } from "../data/rows.ts";

const README = await Deno.readTextFile(new URL("../../README.md", import.meta.url));

/** The short tables of an experiment as the terminal has them. */
async function shortTables(experiment: Experiment, out: string, smoke: boolean): Promise<string[]> {
  const findings = await experiment.run(
    settingsIn(out, smoke ? { smoke, workloads: ["rm4"] } : {}),
  );
  const note = { seconds: 1, command: "", settings: {} };
  return findings.tables.filter(({ short }) => short === true).map((table) =>
    shortText([buildDocument(experiment, { ...findings, tables: [table] }, note)]).split("\n\n")
      .slice(0, 2).join("\n\n").trimEnd()
  );
}

for (const experiment of [breakdownExperiment, trafficExperiment]) {
  Deno.test(`README shows the short tables of ${experiment.name} as they are`, async () => {
    for (const table of await shortTables(experiment, "nowhere", false)) {
      assert.ok(README.includes(table), table);
    }
  });
}

Deno.test("README shows the predicted times of an epoch as they are, and the headline but for its draws", async () => {
  const [headline, times] = await shortTables(
    {
      ...speedupExperiment,
      run: (settings) => speedupExperiment.run({ ...settings, smoke: true }),
    },
    "nowhere",
    false,
  );
  assert.ok(README.includes(times!), times);
  // A smoke run draws a few times, which moves the interval alone.
  const without = (text: string): string[] =>
    text.split("\n").map((line) => line.replace(/\d\.\d\d to \d\.\d\d/, ""));
  const lines = new Set(without(README));
  for (const line of without(headline!)) assert.ok(lines.has(line), line);
});

Deno.test("README shows the measured table under its columns", () =>
  inFolder(async (out) => {
    const [table] = await shortTables(plansExperiment, out, true);
    const [title, , heading] = table!.split("\n");
    assert.ok(README.includes(title!), title);
    const names = (line: string): string[] => line.trim().split(/ {2,}/);
    assert.ok(
      README.split("\n").some((line) => names(line).join() === names(heading!).join()),
      heading,
    );
  }));
