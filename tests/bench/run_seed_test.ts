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

function interruption() {
  const controller = new AbortController();
  const abort = () => controller.abort(new UserError("Interrupted"));
  return { signal: controller.signal, abort };
}

/** Trains on rm1 until `at` is said, if it is given; what was said, and what the runs came to if they ended. */
async function trainUntil(out: string, names: readonly string[], at: RegExp | null = null) {
  const { signal, abort } = interruption(), lines: string[] = [];
  const settings = settingsIn(out, {
    signal,
    say: (line) => {
      lines.push(line);
      if (at?.test(line)) abort();
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

Deno.test("cold inputs that fill no minibatch are trained once", () =>
  inFolder(async (out) => {
    const settings = settingsIn(out), size = { inputs: 2000, seeds: 1, batch: 300 };
    // The second trains alone, since it evaluates on the way.
    const names = ["fae", "fae,evaluations=1"];
    const { all } = await trainedResults("rm1", size, names, settings);
    const [shared, alone] = all.map(({ metrics, work }) => ({ metrics, work }));
    assert.ok(all[0]!.plan.hot!.cold_inputs < 300);
    assert.deepEqual(shared, alone);
  }));

Deno.test("what a killed process left of a run that had ended is removed", () =>
  inFolder(async (out) => {
    const place = await currentPlace(settingsIn(out)), folder = trainedFolder(out);
    const key = { workload: "rm1", inputs: 4000, batch: 64, seed: 1, variant: "fae" } as const;
    const left = [key, { ...key, variant: "fae-beginning-none" }].map((one) =>
      new StudyStore(folder, place).checkpoints(one)
    );
    await trainUntil(out, ["fae"]);
    for (const path of left) await Deno.mkdir(path);
    await trainUntil(out, ["fae", "random-drop"]);
    for (const path of left) await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
  }));

Deno.test("a run that two machines have trained counts as neither's, and where times are asked for it begins anew", () =>
  inFolder(async (out) => {
    const variants = [variantOf("skip-hot")];
    const job = { workload: "rm1", inputs: 4000, batch: 64, seed: 1, variants } as const;
    const key = { ...job, variant: "skip-hot" } as const;
    const settings = settingsIn(out), place = await currentPlace(settings);
    const other = { ...place, machine: { cpu_model: "another", threads: 8 } };
    const lines: string[] = [];
    const said = { ...settings, say: (line: string) => void lines.push(line) };
    const begin = async () => {
      const { signal, abort } = interruption();
      const run = runSeed(
        { ...job, wanted: "times", onProgress: abort },
        new StudyStore(out, other),
        { ...settings, signal },
      );
      await assert.rejects(run, /Interrupted/);
    };
    const store = new StudyStore(out, place);
    await begin();
    await runSeed(job, store, said);
    assert.ok(lines.includes("rm1: skip-hot goes on where it was"), lines.join());
    const several = { cpu_model: "several machines", threads: null };
    assert.deepEqual((await store.read(key))!.machine, several);
    assert.equal(await store.read(key, "times"), null);
    await begin();
    await runSeed({ ...job, wanted: "times" }, store, said);
    assert.ok(
      lines.some((line) => /skip-hot begins anew: .* of another machine or of/.test(line)),
      lines.join("\n"),
    );
    assert.deepEqual((await store.read(key, "times"))!.machine, place.machine);
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
