import assert from "node:assert/strict";
import type { BenchDocument } from "../../bench/report.ts";
import { SKEWED_SCHEMA, writeSkewedLog } from "../bench/made_up_log.ts";
import { inFolder } from "../data/rows.ts";
import { fail, readJson, succeed } from "./command.ts";

Deno.test("bench --data asks whether skipping is worth it, and ends with the verdict", () =>
  inFolder(async (folder) => {
    const log = `${folder}/clicks.csv`, schema = `${folder}/clicks.json`, out = `${folder}/out`;
    writeSkewedLog(log, 6000);
    await Deno.writeTextFile(schema, JSON.stringify(SKEWED_SCHEMA));
    const words = ["--data", log, "--schema", schema, "--out", out, "--device", "cpu"];
    const told = await succeed("bench", [
      ...words,
      ...["--smoke", "--batch", "32", "--machine", "t4", "--budget", "3"],
    ]);
    const { verdicts, command, failure, settings } = await readJson<BenchDocument>(
      `${out}/worth.json`,
    );
    assert.equal(failure, null);
    assert.ok(told.out.endsWith(`\nVERDICT\n${verdicts!.join("\n")}\n\n`), told.out);
    assert.match(verdicts![0]!, /^Is skipping worth it on log clicks\?/);
    assert.match(
      command,
      /^deno task bench worth .*--data .*clicks\.csv .*--machine t4 --budget 3/,
    );
    assert.deepEqual([settings.machine, settings.budget_minutes], ["t4", 3]);
    assert.match(told.err, /^\[run 1, \d:\d\d at most\] seed 1, fae: AUC 0\.\d+$/m);
    assert.ok((await Deno.readTextFile(`${out}/report.html`)).includes("Is skipping worth it on"));
    await fail(
      "bench",
      ["worth", "--out", out],
      2,
      /^error: Cannot ask .* no log is given; --data/,
    );
    await fail("bench", [...words, "--budget", "0"], 2, /Cannot use --budget 0: it must be more/);
    await fail(
      "bench",
      [...words, "--workloads", "rm2"],
      2,
      /Cannot use --workloads with worth: the flag is for frontier,/,
    );
  }));
