/**
 * Time to accuracy: what every plan reaches for what it costs, beside training on less, which costs less too.
 *
 * @module
 */

import { counted, formatCount } from "../../core/format.ts";
import { countColumn, figureColumn, numberColumn, plainColumn, tableOf } from "../columns.ts";
import { defineExperiment, type Findings, type ResultTable, type Settings } from "../experiment.ts";
import type { Figure, Panel } from "../../figures/figure.ts";
import { signed } from "../paper_machine.ts";
import { AUC, formatDifference, formatEstimate, intervalOf } from "../study/compare.ts";
import {
  boundText,
  MARGIN_AUC,
  statisticsNotes,
  studyWords,
  testedColumn,
  type TestedDifference,
  testTogether,
  WORKLOAD_COLUMN,
} from "../study/comparison.ts";
import { type Cost, type Standing, standingsOf } from "../study/frontier.ts";
import { timedRuns } from "../study/recorded.ts";
import { budgetsOf, rivalOf, RIVALS, wholeOf } from "../study/rivals.ts";
import { simulatedCost, simulatedPlaces } from "../study/simulated.ts";
import { besideSentences, besideSimpler, besideTable } from "../study/simpler_plans.ts";
import { accuracySizeOf } from "../study/sizes.ts";
import { type Estimate, LEAST_SEEDS, smallestVisible } from "../study/statistics.ts";
import {
  aucSample,
  deviceOf,
  LOG_FLAGS,
  RECORDED_FLAGS,
  type Trained,
  TRAINING_FLAGS,
  trainWorkloads,
  TWIN_FLAGS,
} from "../study/trained.ts";
import { savingAlone, tradeoffPanel, tradeoffTitle } from "../study/tradeoff.ts";
import { kindOf, studyLabel } from "../study/workload.ts";
import { CHOSEN_PLAN, interleaved, shortName, variantOf } from "../study/variants.ts";

/** Shares of the inputs after which the rivals are stopped, those that skipping costs about as much as first. */
const BUDGETS = [1, 0.9, 0.95, 0.85, 0.8, 0.75] as const;
/** Those of a smoke run. */
const SMOKE_BUDGETS = [1, 0.75] as const;

/** The cost that is time where the runs were had. */
const MEASURED = "measured";

/** Compares at equal cost. */
export const frontierExperiment = defineExperiment({
  name: "frontier",
  summary:
    "Time to accuracy: every plan against stopping early, at equal inputs, time here, and simulated time",
  title: "What skipping reaches in the time that it takes",
  // Runs of the sizes that the suite trains decide nothing here, and there are sixteen a seed.
  suite: "full",
  trains: true,
  suiteWorkloads: ["rm2"],
  suiteRecords: true,
  flags: [
    ...[...TRAINING_FLAGS, ...LOG_FLAGS, ...RECORDED_FLAGS, ...TWIN_FLAGS],
    "machine",
    "variants",
  ],
  async run(settings): Promise<Findings> {
    const trained = await trainWorkloads(
      settings,
      accuracySizeOf,
      (_, recorded) => variantsOf(settings, recorded),
    );
    const costs = await costsOf(trained, settings);
    const compared = costs.map((cost) => comparedAt(trained, cost));
    const beside = besideSimpler(trained);
    const told = headline(trained, compared, settings.recorded);
    const lead = tradeoff(trained, costs), open = inOrder(trained).slice(0, OPEN_FIGURES);
    return {
      ...(told === undefined ? {} : { headline: told }),
      ...(lead === undefined ? {} : { tradeoff: lead }),
      tables: [
        verdictTable(compared),
        ...compared.map(table),
        ...(beside.pairs.length === 0 ? [] : [besideTable(beside)]),
        budgetTable(trained),
      ],
      figures: trained.flatMap((one) => [
        {
          ...figure(one, costs.filter(({ name }) => !isFurther(name))),
          secondary: !open.includes(one),
        },
        {
          ...figure(one, costs.filter(({ name }) => isFurther(name)), "-machines"),
          secondary: true,
        },
      ]),
      samples: trained.flatMap((one) => contenders(one).map((name) => aucSample(one, name))),
      device: deviceOf(trained),
      // What other machines would make of it is in the first table.
      verdicts: [
        ...compared.filter(({ cost }) => !isFurther(cost.name)).flatMap(sentences),
        ...besideSentences(beside),
      ],
      notes: [
        ...(costs.some(({ name }) => name === MEASURED)
          ? []
          : ["Training times are left out: not all runs were had alone and on one machine"]),
        "fae and baseline are stopped after the shares of their inputs that the last table has, each time with the learning rate fitted to that length; where seeds lack some of them, all are read off the shares that decide most, and a seed that lacks one of those is left out; between these points lie straight lines, by seed, and over a wide gap a line lies below a curve that flattens, which favours what is set beside it. A variant is set against the better of the two at its cost",
        "Simulated times are of the minibatches as they were trained (kinds, rows, skipped shares, copies of hot rows), each GPU with as many inputs as a minibatch had here; software costs: the registered parameters",
        ...statisticsNotes(trained),
      ],
    };
  },
});

/**
 * The rivals at every budget, and what is set against them. A queue that ends early has trained the whole of `fae`, then what is
 * set against it, then the budgets that cost about as much.
 */
function variantsOf(
  settings: Pick<Settings, "smoke" | "full" | "variants">,
  recorded: readonly string[] | null,
): string[] {
  const of = (plan: string, ...options: string[]) => interleaved(plan, settings, ...options);
  const shares = settings.smoke ? SMOKE_BUDGETS : BUDGETS;
  const budgets = (rival: (budget: string) => string) =>
    shares.map((budget) => rival(`budget=${budget}`));
  const [whole, ...less] = budgets((budget) => of("fae", budget));
  const asked = settings.variants.map((words) => variantOf(words).name);
  if (recorded !== null) {
    return recorded.filter((name) =>
      rivalOf(name) !== null || asked.length === 0 || asked.includes(name)
    );
  }
  const standard = [of("slipstream"), of("random-drop")];
  const chosen = asked.length > 0 ? asked : settings.smoke ? standard : [
    ...standard,
    CHOSEN_PLAN,
    of("slipstream", "criterion=popularity"),
  ];
  const baselines = budgets((budget) => variantOf(`baseline,${budget}`).name);
  return [...new Set([whole!, ...chosen, ...less, ...baselines])];
}

function contenders({ results }: Pick<Trained, "results">): string[] {
  return results.names.filter((name) => rivalOf(name) === null && results.of(name).length > 0);
}

/** What is paid: inputs, time where the runs were had, time on other machines. */
async function costsOf(
  trained: readonly Trained[],
  { machine }: Pick<Settings, "machine">,
): Promise<Cost[]> {
  const inputs: Cost = {
    name: "inputs",
    title: "inputs trained",
    saved: "inputs saved",
    unit: "inputs",
    origin: "measured",
    of: ({ trained_inputs }) => trained_inputs,
  };
  const places = await simulatedPlaces(machine);
  return [
    inputs,
    ...measuredCost(trained),
    ...places.map((place, i) => simulatedCost(place, simulatedName(i))),
  ];
}

/** The places that are simulated; the first is the paper's machine. */
const simulatedName = (i: number): string => `simulated-${i + 1}`;

/** Those after it. */
function isFurther(name: string): boolean {
  return name.startsWith("simulated-") && name !== simulatedName(0);
}

/** Time of training where the runs were had; none where some were had on another machine, or beside other work. */
function measuredCost(trained: readonly Trained[]): Cost[] {
  const runs = trained.flatMap(({ results }) => results.all), timed = new Set(timedRuns(runs));
  const machines = new Set(runs.map(({ machine }) => JSON.stringify(machine)));
  if (runs.length === 0 || timed.size < runs.length || machines.size > 1) return [];
  const { machine: { cpu_model, threads }, environment } = runs[0]!;
  const count = threads ?? environment.cpus;
  return [{
    name: MEASURED,
    saved: "training time saved",
    title: `training time on ${cpu_model ?? "this machine"}, ${count} ${
      count === 1 ? "thread" : "threads"
    }`,
    unit: "s",
    origin: "measured",
    of: ({ train_ms }) => train_ms / 1000,
  }];
}

/** All workloads at one cost, their differences tested together. */
interface ComparedAt {
  readonly cost: Cost;
  readonly standings: readonly Standing[];
  readonly auc: readonly (TestedDifference | null)[];
  readonly logLoss: readonly (TestedDifference | null)[];
}

function comparedAt(trained: readonly Trained[], cost: Cost): ComparedAt {
  const standings = trained.flatMap((one) => standingsOf(one, cost));
  const [auc] = testTogether([standings.map((one) => one.auc)]);
  const [logLoss] = testTogether([standings.map((one) => one.logLoss)]);
  return { cost, standings, auc: auc!, logLoss: logLoss! };
}

/** A plan's name in a legend: what it does otherwise than the paper's. */
function seriesName(name: string): string {
  const short = shortName(name).replace("criterion=", "").replaceAll(",", ", ");
  return short === "slipstream" ? "slipstream, as the paper" : short.replace(/^slipstream, /, "");
}

/** Who is ahead, in a word. */
function verdictOf({ auc }: Pick<Standing, "auc">, tested: TestedDifference | null): string {
  if (auc === null) return "below the budgets";
  if (auc.seeds < LEAST_SEEDS) return "not decided";
  if (!tested!.shown) return "no difference shown";
  return auc.mean > 0 ? "ahead" : "behind";
}

/** What is saved at equal AUC, with its interval, or on which side of the budgets it lies. */
function savedText(saved: Standing["saved"]): string {
  if (saved === null) return "";
  if (saved === "below") return "the smallest budget has its AUC";
  if (saved === "above") return "no budget has its AUC";
  return formatDifference(saved, 1);
}

function table({ cost, standings, auc, logLoss }: ComparedAt): ResultTable {
  return tableOf({ title: `At equal ${cost.title}`, origin: cost.origin }, standings, [
    WORKLOAD_COLUMN,
    plainColumn("variant", ({ name }) => shortName(name)),
    countColumn("inputs", ({ size }) => size.inputs),
    numberColumn("seeds", 0, ({ seeds }) => seeds),
    cost.unit === "inputs"
      ? countColumn(cost.unit + " trained", (one) => Math.round(one.cost.mean))
      : numberColumn(`time, ${cost.unit}`, 2, (one) => one.cost.mean),
    figureColumn("% of fae's", ({ percent }) => formatEstimate(percent, 1)),
    {
      ...figureColumn<Standing>(
        "AUC",
        ({ results, name }) => formatEstimate(results.mean(name, AUC)),
      ),
      origin: "measured",
    },
    plainColumn("beside", ({ rival }) => rival ?? ""),
    testedColumn("AUC at equal cost", standings, auc),
    testedColumn("log-loss at equal cost", standings, logLoss),
    numberColumn(
      "smallest visible",
      5,
      (one) => one.auc === null ? null : smallestVisible(one.auc),
    ),
    plainColumn(`no worse than ${MARGIN_AUC}`, (one) => boundText(one.auc)),
    figureColumn("saved at equal AUC, %", ({ saved }) => savedText(saved)),
    plainColumn("verdict", (one) => verdictOf(one, auc[standings.indexOf(one)]!)),
  ]);
}

/** The variant of a workload that is told of at a cost. */
interface Told {
  readonly at: ComparedAt;
  readonly one: Standing;
  readonly tested: TestedDifference | null;
}

/**
 * Of each workload and cost the plan that was chosen, where it is among them: the best of several owes a part of its lead to
 * chance. Else the variant that is furthest ahead, in the mean.
 */
function toldOf(at: ComparedAt): Told[] {
  const all = at.standings.map((one, i): Told => ({ at, one, tested: at.auc[i]! }));
  return [...Map.groupBy(all, ({ one }) => one.workload).values()].flatMap((group) => {
    const ranked = group.filter(({ one }) => one.auc !== null)
      .toSorted((a, b) => b.one.auc!.mean - a.one.auc!.mean);
    return group.find(({ one }) => one.name === CHOSEN_PLAN) ?? ranked[0] ?? [];
  });
}

function verdictTable(compared: readonly ComparedAt[]): ResultTable {
  const told = compared.flatMap(toldOf);
  const title = told.every(({ one }) => one.name === CHOSEN_PLAN)
    ? "The chosen plan against stopping early, at equal cost"
    : "The plan that does best against stopping early, at equal cost";
  return tableOf({ title, short: told.length > 0 }, told, [
    plainColumn("workload", ({ one }) => studyLabel(one.workload, one.size.twin)),
    countColumn("inputs", ({ one }) => one.size.inputs),
    numberColumn("seeds", 0, ({ one }) => one.seeds),
    plainColumn("at equal", ({ at }) => at.cost.title),
    plainColumn("plan", ({ one }) => shortName(one.name)),
    plainColumn("beside", ({ one }) => one.rival ?? ""),
    figureColumn(
      "AUC",
      ({ one, tested }) => formatDifference(one.auc, 5, tested?.shown ?? false),
    ),
    figureColumn("saved at equal AUC, %", ({ one }) => savedText(one.saved)),
    plainColumn("verdict", ({ one, tested }) => verdictOf(one, tested)),
  ]);
}

/** What the rivals come to when they are stopped early. */
function budgetTable(trained: readonly Trained[]): ResultTable {
  const lines = trained.flatMap((one) =>
    RIVALS.flatMap((rival) => {
      const names = budgetsOf(one.results.names, rival);
      const whole = wholeOf(names, rival);
      return names.filter((name) => one.results.of(name).length > 0).map((name) => ({
        ...one,
        rival,
        name,
        lost: whole === undefined || name === whole
          ? null
          : one.results.difference(name, whole, AUC),
      }));
    })
  );
  return tableOf({ title: "fae and baseline stopped early" }, lines, [
    plainColumn("workload", ({ workload, size }) => studyLabel(workload, size.twin)),
    plainColumn("plan", ({ rival }) => rival),
    numberColumn("budget, %", 0, ({ name }) => 100 * rivalOf(name)!.budget),
    numberColumn("seeds", 0, ({ results, name }) => results.of(name).length),
    figureColumn("AUC", ({ results, name }) => formatEstimate(results.mean(name, AUC))),
    figureColumn("AUC against all inputs", ({ lost }) => formatDifference(lost)),
  ]);
}

/** A sentence for each workload: who is ahead at equal cost, and what is saved at equal AUC. */
function sentences(at: ComparedAt): string[] {
  return toldOf(at).map(({ one, tested }) => {
    const { workload, size, seeds, name, rival, auc, saved, percent } = one;
    const where = `${studyWords({ workload, size, seeds })}, equal ${at.cost.title}`;
    const who = name === CHOSEN_PLAN
      ? "the chosen plan"
      : `${shortName(name)}, the best of the plans,`;
    const verdict = verdictOf(one, tested);
    const takes = `it takes ${percent.mean.toFixed(1)} % of what fae takes`;
    if (auc === null) {
      return `${where}: not decided, since neither fae nor baseline has been stopped so early; ${takes}`;
    }
    const by = intervalText(auc, 5, "AUC");
    const told = verdict === "not decided"
      ? `not decided with fewer than ${LEAST_SEEDS} seeds; ${who} is ${
        sideOf(auc)
      } ${rival} stopped early by ${by}`
      : verdict === "no difference shown"
      ? `neither is shown to be ahead; ${who} differs from ${rival} stopped early by ${
        signed(5)(auc.mean)
      } AUC (${intervalOf(auc, 5)})`
      : `${who} is ${sideOf(auc)} ${rival} stopped early by ${by}`;
    return `${where}: ${told}; ${takes}, ${savedSentence(saved, rival!)}`;
  });
}

function sideOf({ mean }: Estimate): string {
  return mean >= 0 ? "ahead of" : "behind";
}

function intervalText(found: Estimate, digits: number, unit: string): string {
  const interval = intervalOf({ ...found, mean: Math.abs(found.mean) }, digits);
  return `${Math.abs(found.mean).toFixed(digits)} ${unit} (${interval})`;
}

function savedSentence(saved: Standing["saved"], rival: string): string {
  if (saved === "above") return `and no budget of ${rival} reaches its AUC in every seed`;
  if (saved === "below") return `and the smallest budget of ${rival} reaches its AUC in some seed`;
  if (saved === null) return "and what that saves is not known";
  const { mean } = saved;
  return `and ${mean >= 0 ? "saves" : "wastes"} ${
    intervalText(saved, 1, `% of what ${rival} takes for the same AUC`)
  }`;
}

/** Differences in AUC to `fae` on all inputs, against the share of its cost. */
function figure(one: Trained, costs: readonly Cost[], ending = ""): Figure {
  const { workload, size } = one;
  return {
    name: `${workload}${ending}`,
    title: `${studyLabel(workload)}: accuracy against what is saved${
      ending === "" ? "" : " on other machines"
    }`,
    caption: `AUC beyond that of fae on all inputs, paired by seed, at ${
      formatCount(size.inputs)
    } inputs; lines are plans that are stopped early, points the others; 95 % intervals. Above the line of fae skipping does better than training on less.`,
    panels: costs.map((cost) => panel(one, cost)).filter(({ data }) => data.length > 0),
  };
}

function panel(
  one: Trained,
  cost: Cost,
  title?: string,
  plans: readonly string[] = contenders(one),
): Panel {
  const { results } = one;
  return tradeoffPanel(one, cost, wholeOf(results.names, "fae") ?? "", [
    ...RIVALS.flatMap((rival) =>
      budgetsOf(results.names, rival).map((name) => ({ name, series: `${rival}, stopped early` }))
    ),
    ...plans.map((name) => ({ name, series: seriesName(name) })),
  ], title);
}

/** Workloads in the order in which they are told of: most inputs first, then most runs. */
function inOrder(trained: readonly Trained[]): Trained[] {
  const runs = ({ results }: Trained) => results.all.length;
  return trained.toSorted((a, b) => b.size.inputs - a.size.inputs || runs(b) - runs(a));
}

/** Workloads whose figures stand open in the report; those of others are there to be opened, and their tables say the same. */
const OPEN_FIGURES = 2;

/** Plans of the first chart beside the paper's and the random control: those that lose least. */
const LEADERS = 3;

/** The first chart's: at equal time on the paper's machine, or on the first that is asked for. */
function tradeoff(trained: readonly Trained[], costs: readonly Cost[]): Panel | undefined {
  const [one] = inOrder(trained), cost = costs.find(({ name }) => name === simulatedName(0));
  if (one === undefined || cost === undefined) return undefined;
  const { results } = one, whole = wholeOf(results.names, "fae") ?? "";
  const gained = (name: string) => results.difference(name, whole, AUC)?.mean ?? -Infinity;
  const plans = contenders(one).toSorted((a, b) => gained(b) - gained(a));
  const always = plans.filter((name) => ["slipstream", "random-drop"].includes(shortName(name)));
  const shown = [...plans.filter((name) => !always.includes(name)).slice(0, LEADERS), ...always];
  return savingAlone(panel(one, cost, tradeoffTitle(one, whole), shown));
}

/** Of each workload what a plan saves and costs on the machine of the first chart, and whether stopping early does as well. */
function headline(
  trained: readonly Trained[],
  compared: readonly ComparedAt[],
  recorded: boolean,
): string | undefined {
  const at = compared.find(({ cost }) => cost.name === simulatedName(0));
  return at === undefined || trained.length === 0
    ? undefined
    : inOrder(trained).map((one, i) => headlineOf(one, at, recorded, i > 0)).join(". ");
}

/** @param further Whether another workload has been told of before, so that the same is said in fewer words. */
function headlineOf(
  one: Trained,
  at: ComparedAt,
  recorded: boolean,
  further: boolean,
): string {
  const begin = further ? "" : recorded ? "Recorded, " : "Trained here, ";
  const what = `${begin}${studyLabel(one.workload)} (${kindOf(one.workload)}) at ${
    formatCount(one.size.inputs)
  } inputs`;
  const told = toldOf(at).find(({ one: { workload } }) => workload === one.workload);
  if (told === undefined) {
    const runs = counted(one.results.all.length, "run");
    return `${what}: not decided by ${runs} so far`;
  }
  const { name, seeds, percent, rival, auc } = told.one, verdict = verdictOf(told.one, told.tested);
  const lost = one.results.difference(name, wholeOf(one.results.names, "fae")!, AUC);
  const saved = `${(100 - percent.mean).toFixed(1)} % less`, loss = formatDifference(lost);
  const found = auc === null
    ? "what stopping as early costs is not known"
    : verdict === "not decided"
    ? `nothing is decided with fewer than ${LEAST_SEEDS} seeds`
    : verdict === "no difference shown"
    ? "no difference is shown"
    : `it is ${verdict} by ${intervalText(auc, 5, "AUC")}`;
  const where = `${what}, ${counted(seeds, "seed")}`;
  if (further && name === CHOSEN_PLAN) return `${where}: ${saved}, at ${loss} AUC; ${found}`;
  const beside = rival === null
    ? found
    : `against ${rival} stopped early, which costs the same, ${found}`;
  return `${where}: ${
    shortName(name)
  } takes ${saved} ${at.cost.title}, than fae, at ${loss} AUC; ${beside}`;
}
