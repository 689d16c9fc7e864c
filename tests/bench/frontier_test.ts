import assert from "node:assert/strict";
import type { Findings } from "../../bench/experiment.ts";
import { frontierExperiment } from "../../bench/experiments/frontier.ts";
import { recordedExperiment } from "../../bench/recorded_experiment.ts";
import { BudgetCurve } from "../../bench/study/budget_curve.ts";
import { StudyResults } from "../../bench/study/compare.ts";
import { type Cost, standingsOf } from "../../bench/study/frontier.ts";
import { budgetsOf, rivalOf } from "../../bench/study/rivals.ts";
import { savingAlone } from "../../bench/study/tradeoff.ts";
import { ALONE, writeRecord } from "../../bench/study/recorded.ts";
import {
  countedTraceOf,
  DrawnPlace,
  simulatedPlaces,
  simulatedSeconds,
} from "../../bench/study/simulated.ts";
import type { StudyResult } from "../../bench/study/store.ts";
import { trainedResults } from "../../bench/study/trained.ts";
import { CHOSEN_PLAN } from "../../bench/study/variants.ts";
import { parseCountedTrace } from "../../sim/counted_file.ts";
import { besideSimpler } from "../../bench/study/simpler_plans.ts";
import { inFolder } from "../data/rows.ts";
import { settingsIn } from "./made_up.ts";

const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-12, `${a}, ${b}`);

Deno.test("a budget curve is read off between its points, ends at all inputs, and says nothing below", () => {
  const curve = new BudgetCurve([
    { cost: 100, value: 0.74 },
    { cost: 75, value: 0.7 },
    { cost: 90, value: 0.73 },
  ]);
  near(curve.at(82.5)!, 0.715);
  assert.deepEqual([curve.at(75), curve.at(100), curve.at(130)], [0.7, 0.74, 0.74]);
  assert.equal(curve.at(74), null);
  near((curve.costOf(0.715) as { cost: number }).cost, 82.5);
  assert.deepEqual([curve.costOf(0.69), curve.costOf(0.75)], ["below", "above"]);
  assert.deepEqual(curve.costOf(0.7), { cost: 75 });
  const dented = new BudgetCurve([0.7, 0.72, 0.71, 0.73].map((value, cost) => ({ cost, value })));
  near((dented.costOf(0.715) as { cost: number }).cost, 0.75);
});

const FAE = "fae,schedule=interleaved", SLIPSTREAM = "slipstream,schedule=interleaved";
const RANDOM = "random-drop,schedule=interleaved";

/** Small runs, which the made-up ones below have all but their numbers of. */
const RUNS: StudyResult[] = [];
await inFolder(async (out) => {
  const settings = settingsIn(out, { smoke: true });
  const size = { inputs: 8000, seeds: 1, batch: 64 };
  const names = ["baseline", FAE, SLIPSTREAM, RANDOM];
  RUNS.push(...(await trainedResults("rm4", size, names, settings)).all);
});

const runOf = (variant: string): StudyResult => RUNS.find((run) => run.variant === variant)!;

/** A run that nobody has made. */
function madeUp(variant: string, seed: number, inputs: number, auc: number): StudyResult {
  const { metrics, ...run } = runOf(variant.startsWith("slipstream") ? SLIPSTREAM : FAE);
  return {
    ...run,
    variant,
    seed,
    trained_inputs: inputs,
    metrics: { ...metrics, auc, logloss: 1 - auc },
  };
}

const INPUTS: Cost = {
  name: "inputs",
  title: "inputs trained",
  saved: "inputs saved",
  unit: "inputs",
  origin: "measured",
  of: ({ trained_inputs }) => trained_inputs,
};

/** `fae` gains 0.01 AUC from 75 to 100 inputs; seeds differ in level alone, and in what slipstream gains a little. */
function madeUpRuns(seeds: readonly number[], at: number, auc: number): StudyResult[] {
  return seeds.flatMap((seed) => [
    madeUp("fae,budget=0.75,schedule=interleaved", seed, 75, 0.7 + seed / 100),
    madeUp(FAE, seed, 100, 0.71 + seed / 100),
    madeUp(SLIPSTREAM, seed, at, auc + seed / 100 + seed * 1e-5),
  ]);
}

function resultsOf(runs: readonly StudyResult[]): StudyResults {
  return StudyResults.of(Map.groupBy(runs, ({ variant }) => variant));
}

Deno.test("budgets are told from other variants by their words", () => {
  assert.deepEqual(rivalOf("fae,budget=0.9,rate=10,schedule=interleaved"), {
    rival: "fae",
    budget: 0.9,
  });
  assert.deepEqual(rivalOf("baseline"), { rival: "baseline", budget: 1 });
  assert.equal(rivalOf(SLIPSTREAM), null);
  assert.equal(rivalOf("fae,alpha=4"), null);
  assert.deepEqual(budgetsOf(["baseline", FAE, "fae,budget=0.8"], "fae"), ["fae,budget=0.8", FAE]);
});

Deno.test("a plan stands against the budget that costs as much, seed by seed, as worked by hand", () => {
  const size = { inputs: 100, seeds: 3, batch: 64 };
  const results = resultsOf(madeUpRuns([1, 2, 3], 80, 0.706));
  const [one] = standingsOf({ workload: "rm4", size, results }, INPUTS);
  assert.deepEqual([one!.name, one!.rival, one!.seeds], [SLIPSTREAM, "fae", 3]);
  near(one!.percent.mean, 80);
  // At 80 inputs fae has 0.702, so that slipstream is 0.004 ahead, and the seeds' mean adds 2e-5.
  near(one!.auc!.mean, 0.00402);
  near(one!.logLoss!.mean, -0.00402);
  // fae has 0.706 and the seed's 1e-5 at 90 inputs and 0.025: 80 are so many fewer.
  const saved = [1, 2, 3].map((seed) => 100 * (1 - 80 / (90 + seed * 0.025)));
  near((one!.saved as { mean: number }).mean, saved.reduce((a, b) => a + b) / 3);
  const beyond = (at: number, auc: number) =>
    standingsOf(
      { workload: "rm4", size, results: resultsOf(madeUpRuns([1], at, auc)) },
      INPUTS,
    )[0]!;
  assert.equal(beyond(80, 0.72).saved, "above");
  assert.equal(beyond(80, 0.69).saved, "below");
  assert.equal(beyond(70, 0.7).rival, null, "cheaper than the smallest budget");
});

Deno.test("all seeds are read off the same budgets: those that most of them have", () => {
  const early = (seed: number) =>
    madeUp("fae,budget=0.8,schedule=interleaved", seed, 80, 0.7 + seed / 100);
  const runs = madeUpRuns([1, 2, 3], 80, 0.706);
  const at = (some: readonly StudyResult[]) => {
    const size = { inputs: 100, seeds: 3, batch: 64 };
    const [one] = standingsOf({ workload: "rm4", size, results: resultsOf(some) }, INPUTS);
    return one!;
  };
  // At 80 inputs the line from 75 to 100 has 0.702 and a run of that budget 0.7: all seeds have the first.
  const two = at([...runs, early(1), early(2)]);
  assert.equal(two.seeds, 3);
  near(two.auc!.mean, 0.00402);
  const all = at([...runs, early(1), early(2), early(3)]);
  assert.equal(all.seeds, 3);
  near(all.auc!.mean, 0.00602);
  // One run more, of a seed that has just begun, does not take the others' budgets away.
  const more = [75, 80, 85, 90].flatMap((percent) =>
    [1, 2, 3].map((seed) =>
      madeUp(`fae,budget=${percent / 100},schedule=interleaved`, seed, percent, 0.7 + seed / 100)
    )
  ).filter(({ trained_inputs }) => trained_inputs !== 75);
  const begun = [FAE, SLIPSTREAM].map((name) => madeUp(name, 4, name === FAE ? 100 : 80, 0.75));
  const later = madeUp("fae,budget=0.9,schedule=interleaved", 4, 90, 0.74);
  assert.equal(at([...runs, ...more, ...begun, later]).seeds, 3);
  near(at([...runs, ...more, ...begun, later]).auc!.mean, 0.00602);
  // Nor does the whole run of another schedule count as a budget.
  const colds = [1, 2].map((seed) => madeUp("fae", seed, 100, 0.7));
  near(at([...runs, ...colds]).auc!.mean, 0.00402);
  // A seed without any is left out.
  const without = at(runs.filter((run) => !(run.seed === 3 && run.trained_inputs === 75)));
  assert.equal(without.seeds, 2);
  near(without.auc!.mean, 0.004015);
});

Deno.test("the simulator takes a run as it was trained: what was dropped is not trained again", async () => {
  for (const run of RUNS) {
    const trace = countedTraceOf(run);
    const document = { schema: "slipstream.counted-trace", schema_version: 1, ...trace };
    parseCountedTrace(JSON.parse(JSON.stringify(document)), run.variant);
  }
  const [paper, , gpus] = await simulatedPlaces();
  const seconds = (variant: string, place = paper!) => simulatedSeconds(runOf(variant), place)!;
  assert.ok(seconds(SLIPSTREAM) < seconds(FAE));
  assert.ok(seconds(RANDOM) < seconds(FAE));
  assert.ok(seconds(FAE) < seconds("baseline"), "hot minibatches need no transfer");
  assert.ok(seconds(RANDOM, gpus) < seconds(FAE, gpus));
  const { work, ...run } = runOf("baseline");
  const twice = work.minibatches.map((sums) => ({
    ...sums,
    ...Object.fromEntries(
      Object.entries(sums).filter(([name, value]) => name !== "epoch" && typeof value === "number")
        .map(([name, value]) => [name, 2 * (value as number)]),
    ),
  }));
  const ratio = simulatedSeconds({ ...run, work: { ...work, minibatches: twice } }, paper!)! /
    seconds("baseline");
  assert.ok(Math.abs(ratio - 2) < 0.01, `${ratio}`);
});

Deno.test("a run is predicted on the machines that are asked for, and what it saves with a range", async () => {
  const places = await simulatedPlaces(["t4", "h100x8", "t4"]);
  assert.deepEqual(places.map(({ title }) => title), [
    "t4 (1 GPU), rows in host memory",
    "t4 (1 GPU), rows on the GPUs",
    "h100x8 (8 GPUs), rows in host memory",
    "h100x8 (8 GPUs), rows on the GPUs",
  ]);
  await assert.rejects(simulatedPlaces(["h100"]), /Cannot use machine h100: .*h100x8/);
  const [slipstream, fae] = [runOf(SLIPSTREAM), runOf(FAE)];
  for (const place of places) {
    const drawn = new DrawnPlace(place, 20), saved = drawn.saving([[slipstream, fae]])!;
    near(saved.share, 1 - simulatedSeconds(slipstream, place)! / simulatedSeconds(fae, place)!);
    assert.ok(saved.low < saved.median && saved.median < saved.high);
    assert.ok(saved.low < saved.share && saved.share < saved.high);
    const none = drawn.saving([[fae, fae]]);
    assert.deepEqual(none, { share: 0, low: 0, median: 0, high: 0 });
  }
  const [place] = places;
  const document = structuredClone(place!.document), { memory_gb: memory } = document.gpu;
  const gpu = { ...document.gpu, memory_gb: { ...memory, value: 1e-6 } };
  const small = { ...places[1]!, document: { ...document, gpu } };
  assert.equal(simulatedSeconds(fae, small), null, "no room for its rows");
  assert.equal(new DrawnPlace(small, 3).saving([[slipstream, fae]]), null);
});

/** The frontier of some runs, recorded in a folder. */
async function frontierOf(records: string, runs: readonly StudyResult[]): Promise<Findings> {
  for (const run of runs) {
    await writeRecord(records, run, { command: "", recorded_at: "2026-01-02", beside: ALONE });
  }
  const settings = settingsIn(records, { workloads: ["rm4"], records });
  return await recordedExperiment(frontierExperiment).run(settings);
}

async function verdictOf(folder: string, runs: readonly StudyResult[]): Promise<string> {
  const records = `${folder}/${runs.length}-${runs.at(-1)!.metrics.auc}`;
  const { tables, verdicts, figures } = await frontierOf(records, runs);
  assert.equal(tables[0]!.origin, "recorded");
  assert.ok(figures!.every(({ panels }) => panels.length > 0));
  return verdicts!.find((verdict) => /equal inputs trained/.test(verdict))!;
}

Deno.test("the verdict is a sentence that says who is ahead, by how much, and when nothing is decided", () =>
  inFolder(async (folder) => {
    assert.equal(
      await verdictOf(folder, madeUpRuns([1, 2, 3], 80, 0.706)),
      "RM4 (a twin), 8,000 inputs, 3 seeds, equal inputs trained: slipstream, the best of the plans, is ahead of fae stopped early by 0.00402 AUC (95 % interval 0.00400 to 0.00404); it takes 80.0 % of what fae takes, and saves 11.2 % of what fae takes for the same AUC (95 % interval 11.1 to 11.2)",
    );
    assert.match(
      await verdictOf(folder, madeUpRuns([1, 2], 80, 0.706)),
      /: not decided with fewer than 3 seeds; slipstream, the best of the plans, is ahead of fae stopped early by 0\.004/,
    );
    assert.match(
      await verdictOf(folder, madeUpRuns([1, 2, 3], 90, 0.705)),
      /: slipstream, the best of the plans, is behind fae stopped early by 0\.00098 AUC .*; it takes 90\.0 % .*, and wastes 2\.8 %/,
    );
    // A worse plan is told of where it was chosen before.
    const chosen = madeUpRuns([1, 2, 3], 90, 0.704).filter(({ variant }) => variant === SLIPSTREAM);
    assert.match(
      await verdictOf(folder, [
        ...madeUpRuns([1, 2, 3], 90, 0.7055),
        ...chosen.map((run) => ({ ...run, variant: CHOSEN_PLAN })),
      ]),
      /: the chosen plan is behind fae stopped early/,
    );
  }));

Deno.test("nothing is decided where the rivals have not been stopped at what the chosen plan costs", () =>
  inFolder(async (records) => {
    const runs = madeUpRuns([1, 2, 3], 80, 0.704)
      .filter(({ variant }) => [FAE, SLIPSTREAM].includes(variant))
      .map((run) => run.variant === SLIPSTREAM ? { ...run, variant: CHOSEN_PLAN } : run);
    const { tables, verdicts, headline } = await frontierOf(records, runs);
    const trained = tables[0]!.rows.find((row) => row.includes("inputs trained"));
    assert.equal(trained!.at(-1), "below the budgets");
    assert.match(
      verdicts![0]!,
      /^RM4 \(a twin\), 8,000 inputs, 3 seeds, equal inputs trained: not decided, since .*; it takes 80\.0 % of what fae takes$/,
    );
    assert.match(headline!, /% less .*; what stopping as early costs is not known$/);
  }));

Deno.test("the chosen plan is set beside simpler ones: paired by seed, and against popularity in a sentence", () =>
  inFolder(async (folder) => {
    const POPULARITY = "slipstream,criterion=popularity,schedule=interleaved";
    const AGAIN = "slipstream,schedule=interleaved,wake-every=0.15";
    const aucs = {
      ...{ [CHOSEN_PLAN]: 0.7085, [POPULARITY]: 0.708, [SLIPSTREAM]: 0.707, [AGAIN]: 0.7075 },
    };
    const runs = (seeds: readonly number[], noise: number) => [
      ...madeUpRuns(seeds, 85, 0.7).filter(({ variant }) => variant !== SLIPSTREAM),
      ...seeds.flatMap((seed) =>
        Object.entries(aucs).map(([variant, auc]) =>
          madeUp(
            variant,
            seed,
            variant === CHOSEN_PLAN ? 80 : 85,
            auc + seed / 100 + (variant === POPULARITY ? (seed - 2) * noise : 0),
          )
        )
      ),
    ];
    const told = async (name: string, seeds: readonly number[], noise: number) => {
      const { tables, verdicts } = await frontierOf(`${folder}/${name}`, runs(seeds, noise));
      const { rows } = tables.find(({ title }) => title === "Plans beside simpler ones")!;
      return { rows, said: verdicts!.at(-1)! };
    };
    const near = await told("near", [1, 2, 3], 1e-5), far = await told("far", [1, 2, 3], 1e-3);
    const chosen = CHOSEN_PLAN.replace(",schedule=interleaved", "");
    const line = (
      plan: string,
      percent: number,
      beside: string,
      auc: string,
      logLoss: string,
    ) => ["RM4", 8000, 3, plan, beside, percent, 85, auc, logLoss];
    const popularity = "slipstream,criterion=popularity";
    assert.deepEqual(near.rows, [
      line(chosen, 80, popularity, "+0.00050 ± 0.00002 *", "-0.00050 ± 0.00002 *"),
      line(chosen, 80, "slipstream", "+0.00150 ± 0.00000 *", "-0.00150 ± 0.00000 *"),
      line(
        ...["slipstream,wake-every=0.15", 85, "slipstream"] as const,
        ...["+0.00050 ± 0.00000 *", "-0.00050 ± 0.00000 *"] as const,
      ),
      line("slipstream", 85, popularity, "-0.00100 ± 0.00002 *", "+0.00100 ± 0.00002 *"),
    ]);
    assert.equal(
      near.said,
      "RM4 (a twin), 8,000 inputs, 3 seeds, beside dropping by popularity alone: the chosen plan is ahead, by +0.00050 AUC (95 % interval 0.00048 to 0.00052); it trains 80.0 % of the inputs, popularity alone 85.0 %",
    );
    assert.match(far.said, /: neither is shown to be ahead; the chosen plan differs by \+0\.00050/);
    assert.match((await told("two", [1, 2], 1e-5)).said, /: not decided with fewer than 3 seeds;/);
  }));

Deno.test("plans are set beside training everything, and in the order of time beside leaving out the oldest inputs, about as many", () => {
  const NEWEST = "fae,budget=0.8,budget-of=last,schedule=interleaved";
  const percents = {
    ...{
      [CHOSEN_PLAN]: 79,
      [NEWEST]: 80,
      "fae,budget=0.7,budget-of=last,schedule=interleaved": 70,
    },
    // As many inputs, trained or chosen otherwise.
    ...{ "fae,budget=0.79,budget-of=last,rate=5,schedule=interleaved": 79 },
    ...{ "fae,budget-of=last,schedule=interleaved": 100, [FAE]: 100, baseline: 100 },
  };
  const runs = [1, 2, 3].flatMap((seed) =>
    Object.entries(percents).map(([name, percent]) => madeUp(name, seed, percent, 0.7))
  );
  const beside = (twin: { readonly driftDays?: number }) => {
    const size = { inputs: 100, seeds: 3, batch: 64, twin };
    const { pairs } = besideSimpler([{ workload: "rm4", size, results: resultsOf(runs) }]);
    return pairs.map(({ plan, simpler }) => [plan, simpler]);
  };
  const every = [[CHOSEN_PLAN, "baseline"], [FAE, "baseline"]];
  assert.deepEqual(beside({}), every);
  assert.deepEqual(beside({ driftDays: 10 }), [every[0], [CHOSEN_PLAN, NEWEST], every[1]]);
});

Deno.test("the frontier trains rivals and plans at its least", () =>
  inFolder(async (out) => {
    const settings = settingsIn(out, { smoke: true, workloads: ["rm4"] });
    const { tables, figures, headline, tradeoff } = await frontierExperiment.run(settings);
    const [verdicts, inputs] = tables;
    assert.match(
      headline!,
      /^Trained here, RM4 \(a twin\) at 8,000 inputs, 1 seed: .* nothing is decided/,
    );
    // What takes longer than fae is left out of the first chart.
    assert.equal(tradeoff!.title, "RM4, 8,000 inputs, 1 seed");
    assert.ok(tradeoff!.data.every(({ x }) => Number(x) > -1));
    assert.equal(verdicts!.short, true);
    assert.ok(verdicts!.rows.every((row) => row.at(-1) === "not decided"), "one seed");
    assert.deepEqual(inputs!.rows.map((row) => row[1]), ["slipstream", "random-drop"]);
    assert.deepEqual(figures!.map(({ panels }) => panels.length), [3, 3]);
  }));

Deno.test("the first chart leaves out plans that save nothing, and what takes longer than fae", () => {
  const datum = (series: string, x: number) => ({
    series,
    x,
    y: 0,
    origin: "measured" as const,
  });
  const kept = savingAlone({
    title: "",
    mark: "lines",
    x: { label: "saved" },
    y: { label: "AUC" },
    data: [
      ...[datum("fae, stopped early", 0), datum("fae, stopped early", 10)],
      ...[datum("freeze", 0.2), datum("slow", -12), datum("skips", 7)],
      ...[datum("baseline, stopped early", -40), datum("baseline, stopped early", 5)],
    ],
  });
  assert.deepEqual(
    kept.data.map(({ series, x }) => [series, x]),
    [
      ...[["fae, stopped early", 0], ["fae, stopped early", 10], ["skips", 7]],
      ["baseline, stopped early", 5],
    ],
  );
});
