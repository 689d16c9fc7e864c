import assert from "node:assert/strict";
import { runSeed } from "../../bench/study/run_seed.ts";
import { currentPlace, StudyStore } from "../../bench/study/store.ts";
import { trainedFolder, trainedResults } from "../../bench/study/trained.ts";
import { variantOf } from "../../bench/study/variants.ts";
import { UserError } from "../../core/errors.ts";
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

/** Trains on rm1 until `at` is said, if it is given; what was said, and what the runs came to if they ended. */
async function trainUntil(out: string, names: readonly string[], at: RegExp | null = null) {
  const controller = new AbortController(), lines: string[] = [];
  const settings = settingsIn(out, {
    signal: controller.signal,
    say: (line) => {
      lines.push(line);
      if (at?.test(line)) controller.abort(new UserError("Interrupted"));
    },
  });
  const size = { inputs: 4000, seeds: 1, batch: 64 };
  try {
    const { all } = await trainedResults("rm1", size, names, settings);
    const came = all.map(({ variant, metrics, work, steps }) => ({
      variant,
      metrics,
      work,
      steps,
    }));
    return { lines, came };
  } catch (error) {
    assert.match(String(error), /Interrupted/);
    return { lines, came: null };
  }
}

Deno.test("runs that share a beginning come to the same by themselves, and go on where they or it were interrupted", () =>
  inFolder(async (folder) => {
    const names = ["baseline", "fae", "random-drop"];
    const whole = await trainUntil(`${folder}/whole`, names);
    for (const name of names) {
      const { came } = await trainUntil(`${folder}/${name}`, [name]);
      assert.deepEqual(came, whole.came!.filter(({ variant }) => variant === name));
    }
    const cut = `${folder}/cut`;
    // What follows ends after its first minibatch: that is a cold one, then a hot one.
    assert.equal((await trainUntil(cut, names, / baseline: AUC /)).came, null);
    const second = await trainUntil(cut, names, / fae: AUC /);
    assert.ok(
      second.lines.includes("rm1: the cold minibatches go on where they were"),
      second.lines.join("\n"),
    );
    assert.equal(second.came, null);
    const third = await trainUntil(cut, names);
    assert.ok(third.lines.includes("rm1: random-drop goes on where it was"), third.lines.join());
    assert.deepEqual(third.came, whole.came);
    const left = [...Deno.readDirSync(trainedFolder(cut))].map(({ name }) => name);
    assert.deepEqual(left.filter((name) => name.endsWith(".checkpoints")), []);
  }));

Deno.test("a run without a window needs no hot inputs for one", () =>
  inFolder(async (out) => {
    const settings = settingsIn(out), store = new StudyStore(out, await currentPlace(settings));
    const key = { workload: "rm2", inputs: 2000, batch: 128, seed: 1 } as const;
    const run = async (variant: string) => {
      await runSeed({ ...key, variants: [variantOf(variant)] }, store, settings);
      return await store.read({ ...key, variant });
    };
    assert.ok((await run("fae"))!.steps > 0);
    await assert.rejects(run("slipstream"), /^UserError: Cannot look for stale rows: /);
  }));
