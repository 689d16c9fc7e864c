import assert from "node:assert/strict";
import { WORKLOAD_NAMES } from "../../data/twin/workloads.ts";
import { UsageError } from "../../core/errors.ts";
import { BENCH_FLAGS, EXPERIMENT_FLAG_KEYS } from "../../bench/flags.ts";
import { helpOf, helpPage } from "../../bench/help.ts";
import { EXPERIMENTS } from "../../bench/registry.ts";
import { runExperiment } from "../../bench/run_experiment.ts";
import { runSuite } from "../../bench/suite/run.ts";
import { checkTaken, ownSettings, takenFlags } from "../../bench/taken_flags.ts";
import type { Experiment, Settings } from "../../bench/experiment.ts";
import { inFolder } from "../data/rows.ts";
import { found, madeUp, settingsIn } from "./made_up.ts";

/** An experiment that takes `--seeds` alone, and what it was run with. */
function seedsOnly(): { experiment: Experiment; seen: Settings[] } {
  const seen: Settings[] = [];
  const run = (settings: Settings) => {
    seen.push(settings);
    return found("seeds");
  };
  return { experiment: { ...madeUp("seeds-only", run), flags: ["seeds"] }, seen };
}

Deno.test("every flag is taken by some experiment, and no experiment declares one twice", () => {
  for (const key of EXPERIMENT_FLAG_KEYS) {
    assert.ok(EXPERIMENTS.some(({ flags }) => flags.includes(key)), key);
  }
  for (const { name, flags } of EXPERIMENTS) {
    assert.equal(new Set(flags).size, flags.length, name);
  }
});

Deno.test("checkTaken() refuses a flag that none of the experiments takes, and names those that do", () => {
  const { experiment } = seedsOnly();
  const timed = { ...madeUp("timed"), flags: ["rounds"] } as const;
  const again = { ...madeUp("again"), flags: ["rounds", "batch"] } as const;
  const all = [experiment, timed, again];
  const given = new Map([["seeds", "--seeds"], ["rounds", "--rounds"], ["out", "--out"]]);
  assert.throws(() => checkTaken(given, [experiment], all, "seeds-only"), {
    constructor: UsageError,
    message: "Cannot use --rounds with seeds-only: the flag is for timed, again",
  });
  checkTaken(given, [experiment, timed], all, "seeds-only and timed");
  assert.deepEqual(takenFlags(given.keys(), [again]), ["rounds", "out"]);
});

Deno.test("ownSettings() gives an experiment the defaults of flags that it does not take", () => {
  const { experiment } = seedsOnly();
  const settings = settingsIn("nowhere", { seeds: 9, rounds: 3, batch: [64], workloads: ["rm2"] });
  const own = ownSettings(experiment, settings);
  assert.equal(own.seeds, 9);
  assert.equal(own.rounds, BENCH_FLAGS.rounds.default);
  assert.deepEqual(own.batch, []);
  assert.deepEqual(own.workloads, WORKLOAD_NAMES);
  assert.equal(own.out, "nowhere");
  assert.deepEqual(ownSettings(madeUp("all"), settings), settings);
});

Deno.test("runExperiment() keeps no setting in the document that the experiment does not take", async () => {
  const { experiment, seen } = seedsOnly();
  const settings = settingsIn("nowhere", { seeds: 9, inputs: 1000, firstSeed: 4 });
  const { document } = await runExperiment(experiment, settings, "");
  assert.equal(document.settings.seeds, 9);
  assert.equal(document.settings.inputs, null);
  assert.equal(document.settings.first_seed, 1);
  assert.deepEqual(seen.map(({ inputs }) => inputs), [null]);
});

Deno.test("runSuite() goes on with what took fewer flags than the suite was given", () =>
  inFolder(async (folder) => {
    const { experiment, seen } = seedsOnly();
    let failing = true;
    const other = madeUp("other", () => {
      if (failing) throw new Error("not yet");
      return found("other");
    });
    const suite = () =>
      runSuite({
        experiments: [experiment, other],
        settings: settingsIn(`${folder}/out`, { seeds: 2, inputs: 1000 }),
        command: "deno task bench",
        commandOf: ({ name }) => name,
        refresh: () => Promise.resolve(),
      });
    await suite();
    failing = false;
    const { documents } = await suite();
    assert.deepEqual(documents.map(({ failure }) => failure), [null, null]);
    assert.equal(seen.length, 1);
  }));

Deno.test("the help of an experiment has its own flags, and that of all tells who takes rare ones", () => {
  const scale = EXPERIMENTS.filter(({ name }) => name === "scale");
  const help = helpOf(scale, EXPERIMENTS);
  assert.match(help, /^scale: The cost of skipping/);
  assert.match(help, /^Usage: deno task bench scale \[flags\]$/m);
  for (const flag of ["--first-seed N", "--variants", "--smoke", "--csv"]) {
    assert.ok(help.includes(`  ${flag}`), flag);
  }
  for (const flag of ["--rounds", "--python"]) assert.ok(!help.includes(flag), flag);
  assert.match(
    helpPage(EXPERIMENTS).replaceAll(/\s+/g, " "),
    /criterion=per-root-access; --schedule is cold-then-hot unless told; for worth, frontier, ablation, scale/,
  );
});
