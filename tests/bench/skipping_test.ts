import assert from "node:assert/strict";
import { accuracyExperiment } from "../../bench/experiments/accuracy.ts";
import { naiveSkipExperiment } from "../../bench/experiments/naive_skip.ts";
import { overheadExperiment } from "../../bench/experiments/overhead.ts";
import { plansExperiment } from "../../bench/experiments/plans.ts";
import { scaleExperiment } from "../../bench/experiments/scale.ts";
import { skewExperiment } from "../../bench/experiments/skew.ts";
import { stalenessExperiment } from "../../bench/experiments/staleness.ts";
import { ablationExperiment } from "../../bench/experiments/ablation.ts";
import type { Experiment } from "../../bench/experiment.ts";
import { UserError } from "../../core/errors.ts";
import { estimateRatio, formatRatio } from "../../bench/study/statistics.ts";
import {
  currentPlace,
  type StudyConditions,
  type StudyKey,
  type StudyMachine,
  StudyStore,
} from "../../bench/study/store.ts";
import { trainedFolder, trainedResults } from "../../bench/study/trained.ts";
import { standardVariants } from "../../bench/study/variants.ts";
import { openTraining } from "../../bench/study/ground.ts";
import { openTwin } from "../../data/twin/open.ts";
import { createInputs } from "../../data/inputs.ts";
import { inFolder } from "../data/rows.ts";
import { settingsIn } from "./made_up.ts";

const SETTINGS = settingsIn("", { rounds: 1, smoke: true, workloads: ["rm4"] });

/** Variants of the standard plans, the baseline first. */
const ALL = standardVariants(["baseline", "fae", "slipstream", "random-drop"], SETTINGS);

/** Those of scale, which trains many inputs. */
const SCALE = ["fae", "slipstream", "random-drop"].map((plan) => `${plan},schedule=interleaved`);

Deno.test("the experiments on trained plans share their runs, and their figures draw what their tables say", () =>
  inFolder(async (out) => {
    const trained: string[] = [];
    const settings = { ...SETTINGS, out, say: (line: string) => trained.push(line) };
    const experiments: readonly Experiment[] = [
      plansExperiment,
      stalenessExperiment,
      overheadExperiment,
      accuracyExperiment,
      naiveSkipExperiment,
      ablationExperiment,
      scaleExperiment,
    ];
    const variants = Object.values(ALL).slice(1);
    for (const experiment of experiments) {
      const { tables, figures = [], device } = await experiment.run({
        ...settings,
        variants: experiment === ablationExperiment ? variants : [],
      });
      assert.ok(tables.length > 0 && tables[0]!.rows.length > 0, experiment.name);
      for (const { columns, rows } of tables) {
        for (const row of rows) assert.equal(row.length, columns.length);
      }
      for (const { panels } of figures) {
        assert.ok(panels.length > 0 && panels.every(({ data }) => data.length > 0));
        for (const { y, low = y, high = y } of panels.flatMap(({ data }) => data)) {
          assert.ok(low <= y && y <= high);
        }
      }
      if (experiment !== scaleExperiment) assert.equal(device?.kind, "cpu");
    }
    const runs = trained.filter((line) => / AUC /.test(line));
    assert.equal(
      new Set(runs.map((line) => line.split(":")[0])).size,
      runs.length,
      "trained twice",
    );
    assert.deepEqual(
      runs.map((line) => line.match(/seed 1, (.*?):/)![1]).sort(),
      [
        ...["without cold ones", "without hot ones", ...Object.keys(ALL), ...SCALE],
        ...["all inputs", "without cold ones", "without hot ones"].map((name) =>
          `${name}, SGD at a constant rate`
        ),
        ...["Adagrad, constant rate", "SGD, constant rate"],
      ].sort(),
    );
  }));

Deno.test("a run that is interrupted goes on to the same numbers, and the run before it is kept", () =>
  inFolder(async (folder) => {
    const whole = { ...SETTINGS, out: `${folder}/whole` };
    await plansExperiment.run(whole);
    const controller = new AbortController();
    const out = `${folder}/cut`;
    await assert.rejects(
      plansExperiment.run({
        ...SETTINGS,
        out,
        signal: controller.signal,
        // The run that follows ends after its first minibatch.
        say: (line) =>
          / baseline: AUC/.test(line) && controller.abort(new UserError("Interrupted")),
      }),
      /Interrupted/,
    );
    const lines: string[] = [];
    await plansExperiment.run({ ...SETTINGS, out, say: (line) => lines.push(line) });
    assert.ok(
      lines.some((line) => /fae goes on where it was/.test(line)),
      lines.join("\n"),
    );
    assert.ok(!lines.some((line) => /baseline: AUC/.test(line)));
    const place = await currentPlace(SETTINGS);
    for (const variant of Object.values(ALL).slice(0, 3)) {
      const key = { workload: "rm4", inputs: 8000, batch: 64, seed: 1, variant } as const;
      const [a, b] = await Promise.all(
        [whole.out, out].map((folder) => new StudyStore(trainedFolder(folder), place).read(key)),
      );
      assert.deepEqual(b!.metrics, a!.metrics);
      assert.deepEqual(b!.bytes, a!.bytes);
      assert.deepEqual(b!.work, a!.work);
      assert.equal(b!.skipped_inputs, a!.skipped_inputs);
    }
    const left = [...Deno.readDirSync(trainedFolder(out))].map(({ name }) => name);
    assert.ok(!left.some((name) => name.endsWith(".checkpoints")), left.join());
  }));

Deno.test("a run of a study whose checkpoint cannot be written goes on, and one with a damaged one begins anew", () =>
  inFolder(async (out) => {
    const name = "rm4-4000-by64-skip-cold-seed1", checkpoints = `${trainedFolder(out)}/${name}`;
    const lines: string[] = [], controller = new AbortController();
    const train = (signal: AbortSignal) =>
      trainedResults("rm4", { inputs: 4000, seeds: 1, batch: 64 }, ["fae", "skip-cold"], {
        ...SETTINGS,
        out,
        signal,
        say: (line) => {
          lines.push(line);
          if (/ fae: AUC/.test(line)) controller.abort(new UserError("Interrupted"));
        },
      });
    await Deno.mkdir(trainedFolder(out), { recursive: true });
    await Deno.writeTextFile(`${checkpoints}.checkpoints`, "not a folder");
    await assert.rejects(train(controller.signal), /^UserError: Interrupted/);
    assert.match(
      lines.at(-1)!,
      /^warning: Cannot save checkpoints to .*skip-cold-seed1\.checkpoints: /,
    );
    await Deno.remove(`${checkpoints}.checkpoints`);
    await Deno.mkdir(`${checkpoints}.checkpoints/step-000000001`, { recursive: true });
    await Deno.writeTextFile(`${checkpoints}.checkpoints/step-000000001/checkpoint.json`, "{}");
    await train(SETTINGS.signal);
    assert.ok(
      lines.some((line) => /begins anew: no checkpoint in .* is whole$/.test(line)),
      lines.join("\n"),
    );
    const left = [...Deno.readDirSync(trainedFolder(out))].map((one) => one.name).sort();
    assert.deepEqual(left.filter((one) => one.startsWith(name)), [`${name}.json`, `${name}.lock`]);
  }));

Deno.test("stored runs count only under the conditions that they were had under", () =>
  inFolder(async (folder) => {
    const { conditions, machine } = await currentPlace(SETTINGS);
    const key = { workload: "rm4", inputs: 8000, batch: 64, seed: 1, variant: "baseline" } as const;
    const settings = { ...SETTINGS, out: folder };
    await trainedResults("rm4", { inputs: 8000, seeds: 1, batch: 64 }, ["baseline"], settings);
    const read = (other: Partial<StudyConditions>) =>
      new StudyStore(trainedFolder(folder), { conditions: { ...conditions, ...other }, machine })
        .read(key);
    const kept = (await read({}))!;
    // A last minibatch that is not full is left out.
    const left = kept.train_inputs - kept.trained_inputs - kept.skipped_inputs;
    assert.ok(left >= 0 && left < 64, `${left}`);
    assert.ok(Math.abs(kept.train_inputs / 8000 - 1) < 1e-3);
    for (
      const other of [
        ...[{ wide: true }, { bits_version: 0 }, { deno: "1.0.0" }, { device: "auto" }],
        { fused_multiply_add: !conditions.fused_multiply_add },
      ]
    ) {
      assert.equal(await read(other), null, JSON.stringify(other));
    }
    // Another machine gives the same accuracy and other times, which are kept beside those of this one.
    const away: StudyMachine = { cpu_model: "another", threads: 3 };
    const elsewhere = new StudyStore(trainedFolder(folder), { conditions, machine: away });
    assert.deepEqual(await elsewhere.read(key), kept);
    assert.equal(await elsewhere.read(key, "times"), null);
    await elsewhere.write({ ...kept, machine: away, train_ms: 1 });
    assert.equal((await elsewhere.read(key, "times"))!.train_ms, 1);
    assert.deepEqual(await read({}), kept);
    // Changed by hand, it enters no table.
    const path = `${trainedFolder(folder)}/rm4-8000-by64-baseline-seed1.json`;
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text.replace(/"auc":[\d.]+/, '"auc":0.99'));
    await assert.rejects(read({}), /was changed after it was written; remove it to train the run/);
    await Deno.writeTextFile(path, text);
    // Nor does it as the result of another seed.
    await Deno.copyFile(path, path.replace("seed1", "seed2"));
    await assert.rejects(
      new StudyStore(trainedFolder(folder), { conditions, machine }).read({ ...key, seed: 2 }),
      /seed2\.json: it is of the run rm4-8000-by64-baseline-seed1; remove it to train the run again$/,
    );
    await assert.rejects(
      trainedResults("rm4", { inputs: 8000, seeds: 1, batch: 64 }, ["baseline"], {
        ...settings,
        firstSeed: 2,
      }),
      /Cannot run seeds from 2 on: --seeds ends at 1/,
    );
  }));

Deno.test("of every workload as many inputs train as are asked for", async () => {
  for (const workload of ["rm1", "rm2", "rm4"] as const) {
    const twin = await openTraining({ workload, inputs: 20_000, seed: 1 });
    assert.ok(Math.abs(twin.count("train") / 20_000 - 1) < 2e-3, workload);
    twin.close();
  }
});

Deno.test("skew counts every lookup, and its curve ends at all of them", async () => {
  const found = await skewExperiment.run({ ...SETTINGS, out: "" });
  const [, shares] = found.figures![0]!.panels;
  assert.equal(shares!.data.at(-1)!.y, 100);
  const twin = await openTwin({ twin: "rm4", inputs: Math.ceil(5000 * 7 / 6), seed: 1 });
  const into = createInputs(twin.schema, 5000);
  await twin.reader("train", { kind: "sequential" }).read(0, 5000, into);
  const uses = new Map<number, number>();
  for (let t = 0; t < twin.schema.tables.length; t++) {
    for (const id of into.ids.subarray(t * 5000, (t + 1) * 5000)) {
      const row = id * 100 + t;
      uses.set(row, (uses.get(row) ?? 0) + 1);
    }
  }
  twin.close();
  const sorted = [...uses.values()].sort((a, b) => b - a);
  const all = sorted.reduce((sum, n) => sum + n, 0);
  const [row] = found.tables[0]!.rows;
  assert.equal(row![1], 5000);
  assert.equal(row![2], uses.size);
  assert.equal(row![3], 100 * sorted.filter((n) => n === 1).length / uses.size);
  for (const [i, share] of [0.001, 0.01, 0.1].entries()) {
    const top = sorted.slice(0, Math.max(1, Math.floor(share * uses.size)));
    assert.equal(row![4 + i], 100 * top.reduce((sum, n) => sum + n, 0) / all);
  }
});

Deno.test("estimateRatio() takes the geometric mean over the seeds that both have", () => {
  const found = estimateRatio(
    new Map([[1, 2], [2, 8], [3, 5]]),
    new Map([[1, 1], [2, 2], [4, 9]]),
  )!;
  assert.equal(found.seeds, 2);
  assert.ok(Math.abs(found.ratio - Math.sqrt(2 * 4)) < 1e-12);
  // Half the width: t(1) = 12.7062 times the standard error of ln 2 and ln 4, which is ln(2) / 2.
  assert.ok(
    Math.abs(Math.log(found.high! / found.ratio) - 12.706204736174698 * Math.LN2 / 2) < 1e-9,
  );
  assert.equal(formatRatio(estimateRatio(new Map([[1, 3]]), new Map([[1, 2]]))), "1.50");
  assert.equal(estimateRatio(new Map([[1, 3]]), new Map([[2, 2]])), null);
});

Deno.test("runs that are only read are of one kind of conditions, those of most of them", () =>
  inFolder(async (out) => {
    const size = { inputs: 8000, seeds: 3, batch: 64 }, settings = { ...SETTINGS, out };
    await trainedResults("rm4", { ...size, seeds: 1 }, ["baseline"], settings);
    const { conditions, machine } = await currentPlace(settings);
    const here = new StudyStore(trainedFolder(out), { conditions, machine });
    const key = { workload: "rm4", ...size, seed: 1, variant: "baseline" } as const;
    const one = (await here.read(key))!;
    const gpu = { ...conditions, device: "webgpu: a GPU (vulkan)", deno: "9.9.9" };
    const there = new StudyStore(trainedFolder(out), { conditions: gpu, machine });
    for (const seed of [2, 3]) await there.write({ ...one, seed, conditions: gpu });
    const missing: StudyKey[] = [], said: string[] = [];
    // One that other conditions would replace is kept under another name.
    await here.write({ ...one, seed: 9 });
    await there.write({ ...one, seed: 9, conditions: gpu });
    await here.write({ ...one, seed: 9, steps: 7 });
    assert.equal((await here.read({ ...key, seed: 9 }))!.steps, 7);
    const names = [...Deno.readDirSync(trainedFolder(out))].map(({ name }) => name);
    assert.deepEqual(
      names.filter((name) => name.includes("seed9")).map((name) => name.replace(/^.*\.json/, ""))
        .sort(),
      ["", ".replaced-1", ".replaced-2"],
    );
    const reading = {
      ...settings,
      device: "auto" as const,
      say: (line: string) => said.push(line),
      runs: { kind: "read" as const, missing: (run: StudyKey) => missing.push(run) },
    };
    const { all } = await trainedResults("rm4", size, ["baseline"], reading);
    assert.deepEqual(all.map(({ seed }) => seed), [2, 3]);
    assert.deepEqual(missing.map(({ seed }) => seed), [1]);
    assert.deepEqual(said, [
      `left out, 1 of other conditions: deno ${conditions.deno} where the others have 9.9.9, ` +
      "device cpu where the others have webgpu: a GPU (vulkan)",
    ]);
    const onCpu = await trainedResults("rm4", size, ["baseline"], { ...reading, device: "cpu" });
    assert.deepEqual(onCpu.all.map(({ seed }) => seed), [1]);
  }));
