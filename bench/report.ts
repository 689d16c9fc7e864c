/**
 * Findings as a JSON document and as CSV.
 *
 * @module
 */

import { currentEnvironment, type Environment } from "../train/environment.ts";
import type { Findings, ResultTable } from "./experiment.ts";

/** Grows when a member changes its meaning or goes. */
export const BENCH_SCHEMA_VERSION = 1;

/** What `bench --json` writes. */
export interface BenchDocument {
  readonly schema: "slipstream.bench";
  readonly schema_version: typeof BENCH_SCHEMA_VERSION;
  readonly experiment: string;
  /** ISO 8601, UTC. */
  readonly finished_at: string;
  readonly environment: Environment;
  readonly tables: readonly {
    readonly title: string;
    readonly columns: readonly string[];
    readonly rows: ResultTable["rows"];
  }[];
  readonly notes: readonly string[];
}

/** Puts the document together. */
export function buildDocument(experiment: string, findings: Findings): BenchDocument {
  return {
    schema: "slipstream.bench",
    schema_version: BENCH_SCHEMA_VERSION,
    experiment,
    finished_at: new Date().toISOString(),
    environment: currentEnvironment(),
    tables: findings.tables.map(({ title, columns, rows }) => ({
      title,
      columns: columns.map((column) => column.name),
      rows,
    })),
    notes: findings.notes,
  };
}

/** One table as CSV, with full precision. */
export async function tableToCsv(table: ResultTable): Promise<string> {
  // Arquero is heavy and needed here alone.
  const { table: makeTable } = await import("arquero");
  const columns = table.columns.map((column, c): [string, unknown[]] => [
    // Columns need different names, such as the two intervals of a comparison.
    table.columns.findIndex((other) => other.name === column.name) === c
      ? column.name
      : `${column.name} (${c + 1})`,
    table.rows.map((row) => row[c]),
  ]);
  return makeTable(columns).toCSV();
}
