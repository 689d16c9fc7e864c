import assert from "node:assert/strict";
import { StudyStore } from "../../bench/study/store.ts";
import { currentPlace } from "../../bench/study/store.ts";
import { trainedFolder, trainedResults } from "../../bench/study/trained.ts";
import { inFolder } from "../data/rows.ts";
import { settingsIn } from "./made_up.ts";

Deno.test("runs on a twin that drifts are kept apart from those on the twin as it is, and train in the order of time", () =>
  inFolder(async (out) => {
    const settings = settingsIn(out, { smoke: true, workloads: ["rm4"] });
    const still = { inputs: 2000, seeds: 1, batch: 64 };
    const moving = { ...still, twin: { driftDays: 10, effectExponent: 0.5 } };
    const variants = ["baseline", "fae"];
    const [a, b] = [
      await trainedResults("rm4", still, variants, settings),
      await trainedResults("rm4", moving, variants, settings),
    ];
    assert.deepEqual(b.all.map(({ twin }) => twin), [moving.twin, moving.twin]);
    assert.notEqual(a.all[0]!.metrics.logloss, b.all[0]!.metrics.logloss);
    const store = new StudyStore(trainedFolder(out), await currentPlace(settings));
    const key = { workload: "rm4", inputs: 2000, seed: 1, batch: 64, variant: "baseline" } as const;
    assert.equal((await store.read(key))!.twin, undefined);
    assert.deepEqual((await store.read({ ...key, twin: moving.twin }))!.metrics, b.all[0]!.metrics);
    assert.equal(await store.read({ ...key, twin: { driftDays: 10 } }), null);
  }));
