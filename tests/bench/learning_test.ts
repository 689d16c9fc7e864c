import assert from "node:assert/strict";
import { learningExperiment } from "../../bench/experiments/learning.ts";
import { currentPlace, StudyStore } from "../../bench/study/store.ts";
import { trainedFolder, trainedResults } from "../../bench/study/trained.ts";
import { inFolder } from "../data/rows.ts";
import { settingsIn } from "./made_up.ts";

Deno.test("AUC over training ends where the run without evaluations ends: looking changes no bit", () =>
  inFolder(async (out) => {
    const settings = settingsIn(out, { smoke: true, workloads: ["rm4"] });
    const { figures, tables } = await learningExperiment.run(settings);
    const key = { workload: "rm4", inputs: 8000, batch: 64, seed: 1 } as const;
    await trainedResults("rm4", { ...key, seeds: 1 }, ["baseline"], settings);
    const store = new StudyStore(trainedFolder(out), await currentPlace(settings));
    const plain = await store.read({ ...key, variant: "baseline" });
    const looked = await store.read({ ...key, variant: "baseline,evaluations=7" });
    assert.equal(plain!.history, undefined);
    assert.deepEqual(looked!.metrics, plain!.metrics);
    const history = looked!.history!;
    assert.equal(history.length, 8);
    assert.deepEqual(history.at(-1), {
      trained_inputs: plain!.trained_inputs,
      auc: plain!.metrics.auc,
    });
    const [panel] = figures![0]!.panels;
    assert.deepEqual(
      panel!.data.filter(({ series }) => series === "baseline").map(({ x, y }) => [x, y]),
      history.map(({ trained_inputs, auc }) => [trained_inputs, auc]),
    );
    assert.deepEqual(tables[0]!.rows.map((row) => row[1]), ["baseline", "fae", "slipstream"]);
    assert.equal(tables[0]!.rows[0]!.at(-1), plain!.metrics.auc);
  }));
