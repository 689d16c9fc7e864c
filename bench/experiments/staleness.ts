/**
 * How hot rows stop moving (the paper's Figure 4), and what share of the inputs a threshold would skip.
 *
 * @module
 */

import type { WatchedRows } from "../../train/plan/document.ts";
import { figureColumn, numberColumn, plainColumn, tableOf } from "../columns.ts";
import {
  defineExperiment,
  type Findings,
  type Outcome,
  type ResultTable,
  type Settings,
} from "../experiment.ts";
import type { Datum, Figure, Panel } from "../../figures/figure.ts";
import { joinedState, type State } from "../outcomes.ts";
import { dataOf } from "../panels.ts";
import { formatEstimate } from "../study/compare.ts";
import { WORKLOAD_COLUMN } from "../study/comparison.ts";
import { type Size, sizeOf } from "../study/sizes.ts";
import { type Estimate, estimate, LEAST_SEEDS } from "../study/statistics.ts";
import type { StudyResult } from "../study/store.ts";
import {
  deviceOf,
  LOG_FLAGS,
  RECORDED_FLAGS,
  type Trained,
  TRAINING_FLAGS,
  trainWorkloads,
} from "../study/trained.ts";
import { studyLabel } from "../study/workload.ts";
import { interleaved, PAPER_TRAINING } from "../study/variants.ts";

/** Hot rows whose movement is read, and those of them that the figure draws. */
const WATCHED = 200, DRAWN = 10;
/** The paper's rows have hardly any movement left after this share of the iterations. */
const WITHIN = 0.25;
/** What counts as hardly any, of a row's first movement. */
const LITTLE = 0.1;
/** Changes of the first and of the last part of a run are set side by side. */
const PART = 0.1;

/**
 * How rows are trained: as the paper's models are, and by the study's optimizer. Both at a constant rate: at one that falls to
 * zero, as the study has it, every row stops at the end whatever it has learnt.
 */
const TRAININGS = {
  "SGD, constant rate": PAPER_TRAINING,
  "Adagrad, constant rate": ["lr-schedule=constant"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

type Training = keyof typeof TRAININGS;
const NAMES = Object.keys(TRAININGS) as Training[];
const DECIDING = "slipstream";

function variantsOf(settings: Pick<Settings, "full">): Record<Training | typeof DECIDING, string> {
  return {
    ...Object.fromEntries(
      NAMES.map((name) => [
        name,
        interleaved("fae", settings, `watch=${WATCHED}`, ...TRAININGS[name]),
      ]),
    ) as Record<Training, string>,
    [DECIDING]: interleaved("slipstream", settings),
  };
}

/** One seed unless more are asked for: what is watched are rows, of which each run has some. */
function sizeOfWatched(...[workload, settings]: Parameters<typeof sizeOf>): Size {
  return { ...sizeOf(workload, settings), seeds: settings.seeds ?? 1 };
}

/** Shows rows that stop moving. */
export const stalenessExperiment = defineExperiment({
  name: "staleness",
  summary:
    "Figure 4: how far random hot rows move over training, which of them stop, and what a threshold skips",
  title: "How hot rows move over training (the paper's Figure 4)",
  suite: "default",
  trains: true,
  suiteWorkloads: ["rm2"],
  flags: [...TRAINING_FLAGS, ...LOG_FLAGS, ...RECORDED_FLAGS],
  async run(settings): Promise<Findings> {
    const trained = await trainWorkloads(settings, sizeOfWatched, variantsOf(settings));
    const lines = watchedOf(trained);
    return {
      outcome: outcomeOf(lines, settings),
      tables: [stoppedTable(lines), decisionsTable(trained)],
      figures: [movesFigure(lines), curveFigure(trained)],
      device: deviceOf(trained),
      verdicts: lines.map(verdictOf),
      notes: [
        `${WATCHED} rows are drawn at random from the hot set of each seed; a reading is the largest change of any coordinate since the reading before, and a row has stopped if after ${
          100 * WITHIN
        } % of the minibatches every reading is below ${100 * LITTLE} % of its first movement`,
        "SGD at a constant rate is how the paper's models are trained. Adagrad's steps shrink by themselves, even at a constant rate; the study trains with Adagrad at a rate that falls to zero over the second half",
      ],
    };
  },
});

/** One workload's watched runs, trained in one way. */
interface Watched extends Pick<Trained, "workload"> {
  readonly training: Training;
  readonly runs: readonly { readonly run: StudyResult; readonly watched: WatchedRows }[];
}

/** The readings of the workloads that have any. */
function watchedOf(trained: readonly Trained[]): Watched[] {
  return trained.flatMap(({ workload, results }) =>
    NAMES.map((training): Watched => ({
      workload,
      training,
      runs: results.of(training).flatMap((run) => {
        const { watched } = run.plan;
        return watched === null || watched.changes.length === 0 ? [] : [{ run, watched }];
      }),
    }))
  ).filter(({ runs }) => runs.length > 0);
}

/**
 * Share of the rows that have stopped: of those that ever moved, the ones whose every reading after a share of the minibatches
 * is below a part of their first movement. Null where none moved.
 *
 * @param steps Minibatches of the run.
 */
export function stoppedShare(
  { rows, steps: at, changes }: WatchedRows,
  steps: number,
  within: number = WITHIN,
  little: number = LITTLE,
): number | null {
  // The first reading has nothing to be compared with, so that changes may begin one reading later than steps.
  const when = at.slice(at.length - changes.length);
  let moved = 0, stopped = 0;
  for (let row = 0; row < rows.length; row++) {
    const first = changes.find((reading) => reading[row]! > 0)?.[row];
    if (first === undefined) continue;
    moved++;
    if (
      changes.every((reading, i) => when[i]! <= within * steps || reading[row]! < little * first)
    ) {
      stopped++;
    }
  }
  return moved === 0 ? null : stopped / moved;
}

/** Of a workload's rows those that have stopped, in per cent, over seeds. */
function stoppedOf({ runs }: Watched): Estimate | null {
  const shares = runs.flatMap(({ run, watched }) => {
    const share = stoppedShare(watched, run.steps);
    return share === null ? [] : [100 * share];
  });
  return shares.length === 0 ? null : estimate(shares);
}

/** What the paper finds. */
const PAPER = `the paper finds that most rows hardly move after ${100 * WITHIN} % of them`;

/** Whether most rows stop. */
function stateOf(found: Estimate | null): State {
  if (found === null || found.seeds < LEAST_SEEDS) return "not decided";
  const { mean, half } = found;
  return mean - half! > 50
    ? "reproduced"
    : mean + half! < 50
    ? "not reproduced"
    : "not at this size";
}

/** Whether most rows stop, as in the paper: a sentence. */
function verdictOf(line: Watched): string {
  const { workload, training, runs } = line;
  const found = stoppedOf(line), state = stateOf(found);
  const where = `${studyLabel(workload)}, ${training}, ${runs[0]!.run.steps} minibatches`;
  if (state === "not decided") {
    return `${where}: not decided with fewer than ${LEAST_SEEDS} seeds (${PAPER})`;
  }
  const verdict = state === "not at this size" ? "not to be told at this size" : state;
  return `${where}: ${verdict}; ${
    formatEstimate(found, 1)
  } % of the hot rows have stopped, and ${PAPER}`;
}

/** Of what is trained as the paper's models are. */
function outcomeOf(
  lines: readonly Watched[],
  settings: Parameters<typeof joinedState>[1],
): Outcome {
  const asPaper = lines.filter(({ training }) => training === NAMES[0]);
  const said = asPaper.map((line) => {
    const { workload, runs } = line;
    const { run } = runs[0]!;
    return `${studyLabel(workload)}: ${
      formatEstimate(stoppedOf(line), 1)
    } % of the hot rows have stopped after ${100 * WITHIN} % of ${run.steps} minibatches (${
      runs.length === 1 ? "1 seed" : `${runs.length} seeds`
    })`;
  });
  return {
    state: joinedState(asPaper.map((line) => stateOf(stoppedOf(line))), settings),
    why: `${said.join("; ") || "no rows were watched"}; ${PAPER}`,
  };
}

/** Mean change of the watched rows over a part of the readings. */
function meanChange({ changes }: WatchedRows, from: number, to: number): number {
  const values = changes.slice(Math.floor(from * changes.length), Math.ceil(to * changes.length))
    .flat();
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function stoppedTable(watched: readonly Watched[]): ResultTable {
  const lines = watched.map((line) => {
    const mean = (from: number, to: number) =>
      estimate(line.runs.map(({ watched }) => meanChange(watched, from, to))).mean;
    return {
      ...line,
      stopped: stoppedOf(line),
      first: mean(0, PART),
      middle: mean(0.5 - PART / 2, 0.5 + PART / 2),
      last: mean(1 - PART, 1),
    };
  });
  const title = `Hot rows that have stopped after ${
    100 * WITHIN
  } % of the minibatches, and the mean change between two readings`;
  return tableOf({ title }, lines, [
    WORKLOAD_COLUMN,
    plainColumn("training", ({ training }) => training),
    numberColumn("seeds", 0, ({ runs }) => runs.length),
    figureColumn("stopped, %", ({ stopped }) => formatEstimate(stopped, 1)),
    figureColumn("first tenth", ({ first }) => first.toPrecision(3)),
    figureColumn("middle", ({ middle }) => middle.toPrecision(3)),
    figureColumn("last tenth", ({ last }) => last.toPrecision(3)),
    numberColumn(
      "middle, % of first",
      1,
      ({ first, middle }) => first > 0 ? 100 * middle / first : null,
    ),
  ]);
}

/** The first seed's run that decides. */
function decidingRun({ results }: Trained): StudyResult | undefined {
  return results.of(DECIDING)[0];
}

function decisionsTable(trained: readonly Trained[]): ResultTable {
  const lines = trained.flatMap((one) =>
    (decidingRun(one)?.plan.decisions ?? []).map((decision) => ({
      workload: one.workload,
      decision,
      rows: (name: "touched" | "stale"): number =>
        decision.tables.reduce((sum, table) => sum + table[name], 0),
    }))
  );
  return tableOf({ title: "What was decided after the window, for D = 0.30, first seed" }, lines, [
    WORKLOAD_COLUMN,
    figureColumn("threshold T", ({ decision }) => decision.threshold.toPrecision(4)),
    numberColumn(
      "stale, % of touched hot rows",
      1,
      ({ rows }) => 100 * rows("stale") / Math.max(1, rows("touched")),
    ),
    numberColumn("skipped at T, % of the sample", 1, ({ decision }) => 100 * decision.share),
    numberColumn(
      "skipped, % of classified",
      1,
      ({ decision: { skipped, classified } }) => 100 * skipped / Math.max(1, classified),
    ),
  ]);
}

/** Parts of a run of which the figure has a point each. */
const PARTS = 20;

/**
 * The largest change of a row in each part of a run, in per cent of its first one, at the part's last minibatch.
 *
 * @param steps Minibatches of the run.
 */
export function largestByPart(
  { steps: at, changes }: WatchedRows,
  row: number,
  steps: number,
): { readonly step: number; readonly percent: number }[] {
  const first = changes.find((reading) => reading[row]! > 0)?.[row];
  if (first === undefined) return [];
  // A change belongs to the reading that found it; the first reading found none.
  const when = at.slice(at.length - changes.length);
  const parts = new Map<number, number>();
  for (const [i, reading] of changes.entries()) {
    const part = Math.min(PARTS, Math.max(1, Math.ceil(PARTS * when[i]! / steps)));
    parts.set(part, Math.max(parts.get(part) ?? 0, reading[row]!));
  }
  return [...parts].map(([part, largest]) => ({
    step: Math.round(part * steps / PARTS),
    percent: 100 * largest / first,
  }));
}

function movesFigure(lines: readonly Watched[]): Figure {
  return {
    name: "moves",
    title: `Change of ${DRAWN} random hot rows over training`,
    caption:
      `A line a row of the first seed: its largest change from one reading to the next in each twentieth of the run, as a share of its first one. Below ${
        100 * LITTLE
      } % a row hardly moves, which the paper finds of most rows soon.`,
    panels: lines.map(({ workload, training, runs: [first] }): Panel => {
      const { rows } = first!.watched;
      return {
        title: `${studyLabel(workload)}, ${training}`,
        mark: "lines",
        x: { label: "minibatches trained" },
        y: { label: "largest change, % of the row's first", zero: true },
        rules: [{ y: 100 * LITTLE, label: "" }],
        data: dataOf(
          "measured",
          rows.slice(0, DRAWN).flatMap((_, row) =>
            largestByPart(first!.watched, row, first!.run.steps).map(({ step, percent }) => ({
              x: step,
              y: percent,
              series: `row ${row + 1}`,
            }))
          ),
        ),
      };
    }),
  };
}

function curveFigure(trained: readonly Trained[]): Figure {
  return {
    name: "drop-curve",
    title: "What a threshold would skip",
    caption:
      "Share of the sampled hot inputs that a threshold T would skip: those with enough lookups of rows that changed by less (all of them; of sequences 4 steps). The dotted line is D, the share asked for; a curve that ends below it cannot reach it.",
    panels: [{
      title: "",
      mark: "lines",
      x: { label: "threshold T", scale: "log" },
      y: { label: "skipped, %", zero: true },
      rules: [{ y: 30, label: "D = 0.30" }],
      data: trained.flatMap((one) =>
        (decidingRun(one)?.plan.decisions[0]?.curve ?? []).filter(({ threshold }) => threshold > 0)
          .map(({ threshold, share }): Datum => ({
            x: threshold,
            y: 100 * share,
            series: studyLabel(one.workload),
            origin: "measured",
          }))
      ),
    }],
  };
}
