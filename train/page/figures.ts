/**
 * The figures of the page of one run or of several.
 *
 * @module
 */

import type { Datum, Figure, Panel } from "../../figures/figure.ts";
import type { Decision } from "../plan/document.ts";
import type { RunView } from "./view.ts";

/** Decisions of one run that are drawn; of more, the last ones. */
const DECISIONS = 4;
/** Watched rows that are drawn. */
const WATCHED = 8;

/** Figures that have something to show. */
export function runFigures(runs: readonly RunView[]): Figure[] {
  // Those that every figure shows come first, so that a run has one colour in all of them.
  const ordered = runs.toSorted((a, b) =>
    Number(b.decisions.length > 0) - Number(a.decisions.length > 0)
  );
  return [quality, dropCurve, staleness, movement, stages].map((figure) => figure(ordered))
    .filter((figure) => figure !== null);
}

function measured(series: string, x: string | number, y: number): Datum {
  return { x, y, series, origin: "measured" };
}

function quality(runs: readonly RunView[]): Figure {
  const x = { label: "minibatches trained" };
  const over = (title: string, label: string, data: readonly Datum[]): Panel[] =>
    data.length === 0 ? [] : [{ title, mark: "lines", x, y: { label }, data }];
  const evaluated = (name: "logloss" | "auc"): Datum[] =>
    runs.flatMap((run) =>
      run.evaluations.flatMap(({ step, metrics }) =>
        metrics[name] === null ? [] : [measured(run.name, step, metrics[name])]
      )
    );
  return {
    name: "quality",
    title: "Loss and AUC",
    caption:
      "Loss is the mean over the minibatches since the point before, as they were trained. Log-loss and AUC are of the test split, which is not trained on: of AUC higher is better, and 0.5 is guessing.",
    panels: [
      ...over(
        "Loss in training",
        "loss",
        runs.flatMap((run) => run.losses.map(({ step, loss }) => measured(run.name, step, loss))),
      ),
      ...over("Log-loss on the test split", "log-loss", evaluated("logloss")),
      ...over("AUC on the test split", "AUC", evaluated("auc")),
    ],
  };
}

/** The decisions that are drawn, with the names of their lines. */
function decisionsOf(runs: readonly RunView[]): { name: string; decision: Decision }[] {
  if (runs.length > 1) {
    return runs.flatMap(({ name, decisions }) =>
      decisions.slice(-1).map((decision) => ({ name, decision }))
    );
  }
  return runs.flatMap(({ decisions }) =>
    decisions.slice(-DECISIONS).map((decision) => ({
      name: `after hot minibatch ${decision.window.to}`,
      decision,
    }))
  );
}

function dropCurve(runs: readonly RunView[]): Figure | null {
  const drawn = decisionsOf(runs);
  if (drawn.length === 0) return null;
  const what = drawn.some(({ decision }) => decision.lookups !== undefined) ? "lookups" : "inputs";
  const targets = new Set(drawn.map(({ decision }) => decision.target));
  const chosen = drawn.map(({ name, decision }) =>
    `${name}: T = ${decision.threshold.toPrecision(3)}, ${(100 * decision.share).toFixed(1)} %`
  );
  return {
    name: "drop-curve",
    title: "What a threshold would skip",
    caption:
      `Share of the sampled ${what} whose rows have all moved by less than T over the window. The plan chooses T so that it skips the share D. Chosen: ${
        chosen.join("; ")
      }.`,
    panels: [{
      title: "",
      mark: "lines",
      x: { label: "threshold T", scale: "log" },
      y: { label: `sampled ${what} below it, %`, zero: true },
      data: drawn.flatMap(({ name, decision }) =>
        decision.curve.map(({ threshold, share }) => measured(name, threshold, 100 * share))
      ),
      rules: [...targets].map((target) => ({
        y: 100 * target,
        label: `D = ${(100 * target).toFixed(0)} %`,
      })),
    }],
  };
}

function staleness(runs: readonly RunView[]): Figure | null {
  const alone = runs.length === 1;
  const data = runs.flatMap((run): Datum[] => {
    const tables = run.decisions.at(-1)?.tables ?? [];
    return tables.flatMap(({ hot, touched, stale }, t) => {
      if (hot === 0) return [];
      const x = run.tables[t] ?? `table ${t + 1}`;
      const share = (rows: number): number => 100 * rows / hot;
      if (!alone) return [measured(run.name, x, share(stale))];
      return [
        measured("looked up in the window", x, share(touched)),
        measured("stale", x, share(stale)),
      ];
    });
  });
  if (data.length === 0) return null;
  return {
    name: "staleness",
    title: "Stale rows by table",
    caption: `Of each table's hot rows at the last decision, those that had moved by less than T${
      alone ? ", beside those that were looked up at all" : ""
    }.`,
    panels: [{
      title: "",
      mark: "bars",
      x: { label: "table" },
      y: { label: "hot rows, %", zero: true },
      data,
    }],
  };
}

function movement(runs: readonly RunView[]): Figure | null {
  const panels = runs.flatMap(({ name, watched, tables }): Panel[] => {
    if (watched === null || watched.steps.length < 2) return [];
    return [{
      title: runs.length === 1 ? "" : name,
      mark: "lines",
      x: { label: "minibatches trained" },
      y: { label: "largest change of a coordinate", scale: "log" },
      data: watched.rows.slice(0, WATCHED).flatMap(({ table, row }, i) =>
        watched.changes.map((changes, at) =>
          measured(`${tables[table] ?? table} ${row}`, watched.steps[at]!, changes[i]!)
        )
      ),
    }];
  });
  if (panels.length === 0) return null;
  return {
    name: "movement",
    title: "How some hot rows moved",
    caption:
      "Rows drawn at random from all hot ones: how far each moved between two readings. A row that was not looked up between them did not move, and has no point there.",
    panels,
  };
}

function stages(runs: readonly RunView[]): Figure | null {
  const total = new Map<string, number>();
  for (const { stagesMs } of runs) {
    for (const [stage, ms] of Object.entries(stagesMs)) {
      if (stage !== "evaluate") total.set(stage, (total.get(stage) ?? 0) + ms);
    }
  }
  const names = [...total].filter(([, ms]) => ms > 0).sort((a, b) => b[1] - a[1])
    .map(([stage]) => stage);
  const data = names.flatMap((stage) =>
    runs.map((run) => {
      const ms = run.stagesMs[stage as keyof typeof run.stagesMs] ?? 0;
      return measured(run.name, stage, ms / Math.max(1, run.steps));
    })
  );
  if (data.length === 0) return null;
  return {
    name: "stages",
    title: "Where the time went",
    caption:
      "Milliseconds a minibatch on each stage of training, evaluations left out. Stages of a GPU may overlap.",
    panels: [{
      title: "",
      mark: "bars",
      x: { label: "stage" },
      y: { label: "ms a minibatch", zero: true },
      data,
    }],
  };
}
