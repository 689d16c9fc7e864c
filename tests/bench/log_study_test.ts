import assert from "node:assert/strict";
import { accuracyExperiment } from "../../bench/experiments/accuracy.ts";
import { readRecords, writeRecord } from "../../bench/study/recorded.ts";
import { chooseRecorded } from "../../bench/study/choose_recorded.ts";
import { trainedResults } from "../../bench/study/trained.ts";
import { recordedExperiment } from "../../bench/recorded_experiment.ts";
import { lookAtLog } from "../../bench/study/logs.ts";
import { isLogName, logName, studyLabel } from "../../bench/study/workload.ts";
import { RandomStream } from "../../core/random.ts";
import { UserError } from "../../core/errors.ts";
import { inFolder } from "../data/rows.ts";
import { settingsIn } from "./made_up.ts";

/** A made-up log: popular items are clicked less, and a price. */
function writeLog(path: string, rows: number): void {
  const random = new RandomStream(7, "synthetic");
  let drawn = 0;
  const skewed = (n: number) => Math.floor(n * random.uniform(drawn++) ** 3);
  const lines = Array.from({ length: rows }, () => {
    const item = skewed(40), shop = skewed(15);
    const click = random.uniform(drawn++) < (item % 3 === 0 ? 0.7 : 0.2) ? 1 : 0;
    return [click, item, shop, skewed(90)].join(",");
  });
  Deno.writeTextFileSync(path, `${["click,item,shop,price", ...lines].join("\n")}\n`);
}

const SCHEMA = {
  schema_version: 1,
  name: "clicks",
  text: { separator: ",", header: true },
  split: { by: "sevenths" },
  columns: [
    { name: "click", kind: "label" },
    { name: "item", kind: "categorical", ids: "decimal" },
    { name: "shop", kind: "categorical", ids: "decimal" },
    { name: "price", kind: "dense", transform: "log" },
  ],
};

Deno.test("a log is called after its file and the hash of its inputs", () => {
  const name = logName("/data/My Clicks_2.csv.gz", "sha256:00ff00ffdeadbeef");
  assert.equal(name, "log-my-clicks-2-csv-deadbeef");
  assert.ok(isLogName(name));
  assert.ok(!isLogName("rm2") && !isLogName("log-../x-deadbeef"));
  assert.equal(studyLabel(name), "log my-clicks-2-csv");
});

Deno.test("a log stands in the table beside a twin, in its own rows, and in records", () =>
  inFolder(async (folder) => {
    const log = `${folder}/clicks.csv`, schema = `${folder}/clicks.json`;
    writeLog(log, 9000);
    await Deno.writeTextFile(schema, JSON.stringify(SCHEMA));
    const settings = settingsIn(folder, {
      ...{ smoke: true, workloads: ["rm4"], data: [log], schema, batch: [64] },
    });
    const { tables } = await accuracyExperiment.run(settings);
    const [{ rows }] = tables as [typeof tables[0]];
    assert.deepEqual(rows.map((row) => row.slice(0, 4)), [
      ...["baseline", "fae", "slipstream", "random-drop"].map((plan) => ["RM4", plan, 8000, 1]),
      ...["baseline", "fae", "slipstream", "random-drop"].map((plan) => [
        ...["log clicks", plan],
        ...[rows.at(-1)![2], 1],
      ]),
    ]);
    const inputs = rows.at(-1)![2] as number;
    assert.ok(inputs > 7000 && inputs < 8000, "six sevenths train");
    const { workload } = (await lookAtLog(settings))!;
    const size = { inputs, seeds: 1, batch: 64 };
    const [run] = (await trainedResults(workload, size, ["baseline"], settings)).all;
    await writeRecord(`${folder}/records`, run!, { command: "", recorded_at: "", beside: null });
    assert.equal((await readRecords(`${folder}/records`)).length, 1);
    const shown = { ...settingsIn(folder), records: `${folder}/records` };
    assert.deepEqual((await chooseRecorded(shown)).map(({ workload }) => workload), [workload]);
    const own = { ...shown, workloads: [], data: [log], schema };
    const chosen = async () => (await chooseRecorded(own)).map(({ workload }) => workload);
    assert.deepEqual(await chosen(), [workload]);
    writeLog(log, 9001);
    assert.deepEqual(await chosen(), [], "other rows are another log");
    const { notes } = await recordedExperiment(accuracyExperiment).run(own);
    assert.deepEqual(notes, [
      `No run of ${log} on cpu is recorded in ${folder}/records; deno task bench record NAME --data ${log} --schema ${schema} makes records`,
    ]);
    await assert.rejects(
      trainedResults(workload, size, ["fae,alpha=1"], settings),
      (error) =>
        error instanceof UserError &&
        /^Cannot train on log-clicks-\w{8}: the files given are log-clicks-\w{8}; give/
          .test(error.message),
    );
    await assert.rejects(
      accuracyExperiment.run({ ...settings, workloads: [], inputs: 5 }),
      /Cannot train 5 inputs of log-clicks-\w{8}: all \d+ of its training split/,
    );
  }));
