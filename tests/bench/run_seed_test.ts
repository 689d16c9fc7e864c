import assert from "node:assert/strict";
import { runSeed } from "../../bench/study/run_seed.ts";
import { currentPlace, StudyStore } from "../../bench/study/store.ts";
import { variantOf } from "../../bench/study/variants.ts";
import { inFolder } from "../data/rows.ts";
import { settingsIn } from "./made_up.ts";

Deno.test("what is told of a run's progress leaves the warm-up before it out", () =>
  inFolder(async (out) => {
    const settings = settingsIn(out), store = new StudyStore(out, await currentPlace(settings));
    const told: { step: number; totalSteps: number }[] = [];
    const key = { workload: "rm4", inputs: 4000, batch: 64, seed: 1 } as const;
    const variants = [variantOf("fae,schedule=interleaved")];
    await runSeed(
      {
        ...key,
        variants,
        onProgress: ({ phase, step, totalSteps }) =>
          phase === "train" && void told.push({ step, totalSteps }),
      },
      store,
      settings,
    );
    const { steps } = (await store.read({ ...key, variant: variants[0]!.name }))!;
    assert.ok(told.length > 0);
    assert.ok(told.every(({ totalSteps }) => totalSteps >= steps), JSON.stringify(told[0]));
    assert.ok(told.every(({ step }, i) => i === 0 || step >= told[i - 1]!.step), "it never falls");
  }));
