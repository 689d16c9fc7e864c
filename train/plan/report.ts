/**
 * What a plan decided, as text: the hot set, each decision with its drop curve, staleness by table, and how watched rows
 * moved.
 *
 * @module
 */

import { counted, formatCount } from "../../core/format.ts";
import { formatTable } from "../../core/table.ts";
import type { Decision, DropPoint, PlanDocument, WatchedRows } from "./document.ts";

const BLOCKS = "▁▂▃▄▅▆▇█";
/** Columns of a line of blocks. */
const COLUMNS = 48;
/** Rows of the drop curve that are shown. */
const CURVE_ROWS = 9;

/** Several lines, or none for a plan without anything to tell. */
export function planReport(plan: PlanDocument, tableNames: readonly string[]): string {
  const { hot, decisions, watched } = plan;
  if (hot === null) return "";
  const all = hot.hot_inputs + hot.cold_inputs;
  const parts = [
    `Plan ${plan.name}: ${percent(hot.hot_inputs, all)} of the inputs are hot; ` +
    `${formatCount(plan.trained_inputs)} inputs trained, ${
      formatCount(plan.skipped_inputs)
    } passed over`,
  ];
  if (plan.rounds.length > 0) {
    const rates = plan.rounds.map(({ rate }) => rate);
    parts.push(
      `${
        counted(rates.length, "round")
      } of cold and hot minibatches; of each kind's inputs a round had ${Math.min(...rates)} to ${
        Math.max(...rates)
      } %, the last ${rates.at(-1)} %`,
    );
  }
  decisions.forEach((decision, i) => parts.push(describe(decision, i, decisions.length)));
  const last = decisions.at(-1);
  if (last !== undefined) {
    parts.push(
      last.lookups === undefined
        ? "\nShare of the sampled inputs that a threshold would drop\n\n" +
          curveTable(last.curve, "inputs")
        : "\nShare of the sampled lookups whose rows a threshold would freeze\n\n" +
          curveTable(last.curve, "lookups"),
      tablesTable(last, tableNames),
    );
  }
  if (watched !== null && watched.steps.length > 1) parts.push(watchedTable(watched, tableNames));
  return parts.join("\n");
}

/** A line of blocks, the largest value full. */
export function sparkline(values: readonly number[], columns = COLUMNS): string {
  const cells = Math.min(columns, values.length);
  const means = Array.from({ length: cells }, (_, i) => {
    const from = Math.floor(i * values.length / cells);
    const to = Math.floor((i + 1) * values.length / cells);
    return values.slice(from, to).reduce((sum, v) => sum + v, 0) / (to - from);
  });
  const most = Math.max(...means);
  return means.map((v) =>
    BLOCKS[most > 0 ? Math.min(BLOCKS.length - 1, Math.floor(BLOCKS.length * v / most)) : 0]
  ).join("");
}

function describe(decision: Decision, number: number, of: number): string {
  const { window, sampled, target, threshold, share, note, classified, skipped, lookups } =
    decision;
  const ms = decision.snapshot_ms + decision.search_ms + decision.classify_ms;
  const lines = [
    `Decision${of > 1 ? ` ${number + 1}` : ""}, after hot ${
      window.from < window.to
        ? `minibatches ${formatCount(window.from)} to ${formatCount(window.to)}`
        : `minibatch ${formatCount(window.to)}`
    }: T = ${threshold.toPrecision(4)} ${lookups === undefined ? "drops" : "freezes"} ${
      percent(share, 1)
    } of ${lookups === undefined ? "" : "the lookups of "}${
      formatCount(sampled)
    } sampled inputs, for D = ${percent(target, 1)}`,
  ];
  if (note !== null) lines.push(`  ${note}`);
  if (lookups !== undefined && lookups > 0) {
    const frozen = decision.frozen_lookups ?? 0;
    lines.push(`  ${percent(frozen, lookups)} of the lookups since were of rows left as they were`);
  }
  if (classified > 0) {
    lines.push(
      `  Dropped ${formatCount(skipped)} of ${formatCount(classified)} inputs, ${
        percent(skipped, classified)
      }`,
    );
  }
  if (number > 0) {
    lines.push(
      `  ${formatCount(decision.woken)} rows woke up, ${
        formatCount(decision.fallen_asleep)
      } fell asleep`,
    );
  }
  lines.push(
    `  Snapshots ${decision.snapshot_ms.toFixed(0)} ms, search ${
      decision.search_ms.toFixed(0)
    } ms, classification ${decision.classify_ms.toFixed(0)} ms: ${ms.toFixed(0)} ms in all`,
  );
  return lines.join("\n");
}

function curveTable(curve: readonly DropPoint[], what: "inputs" | "lookups"): string {
  const step = Math.max(1, (curve.length - 1) / (CURVE_ROWS - 1));
  const shown: DropPoint[] = [];
  for (let i = 0; i < curve.length; i += step) shown.push(curve[Math.round(i)]!);
  return formatTable({
    columns: [
      { name: "threshold T", align: "right" },
      { name: `${what} below it`, align: "right" },
      { name: "" },
    ],
    rows: shown.map(({ threshold, share }) => [
      threshold.toPrecision(3),
      percent(share, 1),
      "█".repeat(Math.round(24 * share)),
    ]),
  });
}

function tablesTable({ tables }: Decision, names: readonly string[]): string {
  return formatTable({
    columns: [
      { name: "table" },
      ...["hot rows", "touched in the window", "stale", "stale, %"].map((name) => ({
        name,
        align: "right" as const,
      })),
    ],
    rows: tables.map(({ hot, touched, stale }, t) => [
      names[t] ?? `${t}`,
      formatCount(hot),
      formatCount(touched),
      formatCount(stale),
      hot === 0 ? "-" : (100 * stale / hot).toFixed(1),
    ]),
  });
}

function watchedTable({ rows, steps, changes }: WatchedRows, names: readonly string[]): string {
  return formatTable({
    columns: [
      { name: "watched row" },
      { name: "how far it moved, from first minibatch to last" },
      { name: "most", align: "right" },
      { name: "last", align: "right" },
    ],
    rows: rows.map(({ table, row }, i) => {
      const own = changes.map((reading) => reading[i]!);
      return [
        `${names[table] ?? table} ${row}`,
        sparkline(own),
        change(Math.max(...own)),
        change(own.at(-1)!),
      ];
    }),
  }) +
    `\n(largest coordinate change between readings, ${
      formatCount(steps.length)
    } in all, the last after minibatch ${
      formatCount(steps.at(-1)!)
    };\n a full block is the row's own most)\n`;
}

function change(value: number): string {
  return value === 0 ? "0" : value.toExponential(1);
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "-" : `${(100 * part / whole).toFixed(1)} %`;
}
