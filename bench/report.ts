/**
 * Findings as a JSON document and as CSV.
 *
 * @module
 */

import { csvCell } from "../core/csv.ts";
import { formatCell } from "../core/table.ts";
import { currentEnvironment, type Environment } from "../train/run/environment.ts";
import type {
  CalculatedEpoch,
  DeviceNote,
  Experiment,
  Findings,
  Outcome,
  ResultTable,
  Sample,
} from "./experiment.ts";
import type { Figure, Origin, Panel } from "../figures/figure.ts";

/** Grows when a member changes its meaning or goes. */
export const BENCH_SCHEMA_VERSION = 3;

/** A table in a document. */
export interface TableDocument {
  readonly title: string;
  readonly origin: Origin;
  /** Whether the short version has it. */
  readonly short: boolean;
  readonly columns: readonly {
    readonly name: string;
    readonly origin: Origin;
    readonly right: boolean;
  }[];
  /** Full precision. */
  readonly rows: ResultTable["rows"];
  /** As people read them. */
  readonly texts: readonly (readonly string[])[];
}

/** What an experiment leaves in a results folder. */
export interface BenchDocument {
  readonly schema: "slipstream.bench";
  readonly schema_version: typeof BENCH_SCHEMA_VERSION;
  readonly experiment: string;
  /** What the report calls it. */
  readonly title: string;
  /** ISO 8601, UTC. */
  readonly finished_at: string;
  /** Wall time. */
  readonly seconds: number;
  /** Words that repeat it: `deno task bench skew --seeds 3`. */
  readonly command: string;
  /** What makes figures comparable: sizes, seeds, whether it was a smoke run. */
  readonly settings: Readonly<Record<string, string | number | boolean | null>>;
  readonly environment: Environment;
  /** Null where no device measured. */
  readonly device: DeviceNote | null;
  /** The error that ended it; null where it ended well. The members below are then empty. */
  readonly failure: string | null;
  readonly tables: readonly TableDocument[];
  readonly figures: readonly Figure[];
  readonly samples: readonly Sample[];
  /** These are missing where the experiment gives none. */
  readonly outcome?: Outcome;
  readonly headline?: string;
  readonly tradeoff?: Panel;
  readonly calculator?: readonly CalculatedEpoch[];
  readonly verdicts?: readonly string[];
  readonly notes: readonly string[];
}

/** What is known of a run beside its findings. */
export interface RunNote {
  readonly seconds: number;
  readonly command: string;
  readonly settings: BenchDocument["settings"];
  /** The error that ended it. */
  readonly failure?: string;
}

/** Puts the document together. */
export function buildDocument(
  experiment: Pick<Experiment, "name" | "title">,
  findings: Findings,
  { seconds, command, settings, failure }: RunNote,
): BenchDocument {
  return {
    schema: "slipstream.bench",
    schema_version: BENCH_SCHEMA_VERSION,
    experiment: experiment.name,
    title: experiment.title,
    finished_at: new Date().toISOString(),
    seconds,
    command,
    settings,
    environment: currentEnvironment(),
    device: findings.device ?? null,
    failure: failure ?? null,
    tables: findings.tables.map(tableDocument),
    figures: findings.figures ?? [],
    samples: findings.samples ?? [],
    ...givenOf(findings),
    notes: findings.notes,
  };
}

/** Members that an experiment may leave out. */
function givenOf(
  { outcome, headline, tradeoff, calculator, verdicts }: Findings,
): Pick<BenchDocument, "outcome" | "headline" | "tradeoff" | "calculator" | "verdicts"> {
  return {
    ...(outcome === undefined ? {} : { outcome }),
    ...(headline === undefined ? {} : { headline }),
    ...(tradeoff === undefined ? {} : { tradeoff }),
    ...(calculator === undefined ? {} : { calculator }),
    ...(verdicts === undefined ? {} : { verdicts }),
  };
}

function tableDocument(table: ResultTable): TableDocument {
  const { title, origin = "measured", short = false, columns, rows } = table;
  return {
    title,
    origin,
    short,
    columns: columns.map((column, c) => ({
      name: column.name,
      origin: column.origin ?? origin,
      right: column.align === undefined
        ? rows.length > 0 && rows.every((row) => typeof row[c] !== "string")
        : column.align === "right",
    })),
    rows,
    texts: rows.map((row) => row.map((cell, c) => formatCell(cell, columns[c]!))),
  };
}

/** One table as CSV, with full precision. */
export async function tableToCsv(
  table: {
    readonly columns: readonly { readonly name: string }[];
    readonly rows: ResultTable["rows"];
  },
): Promise<string> {
  // Arquero is heavy and needed here alone.
  const { table: makeTable } = await import("../core/npm/arquero.ts");
  const columns = table.columns.map((column, c): [string, unknown[]] => [
    // Columns need different names, such as the two intervals of a comparison.
    table.columns.findIndex((other) => other.name === column.name) === c
      ? column.name
      : `${column.name} (${c + 1})`,
    table.rows.map((row) => csvCell(row[c])),
  ]);
  return makeTable(columns).toCSV();
}
