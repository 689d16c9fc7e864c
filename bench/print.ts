/**
 * Results on a terminal.
 *
 * @module
 */

import { formatTable } from "../core/table.ts";
import { detectTerminal } from "../core/terminal.ts";
import { wrap } from "../core/wrap.ts";
import { ORIGINS } from "../figures/figure.ts";
import type { BenchDocument, TableDocument } from "./report.ts";

/** A table with its title, and where its figures are from. Ends with a newline. */
function tableText(table: TableDocument, columns: number | null): string {
  const text = formatTable({
    columns: table.columns.map(({ name, right }) => ({ name, align: right ? "right" : "left" })),
    rows: table.texts,
  }, columns ?? Infinity);
  const told = toldIn(columns);
  return `${told(`${table.title} (${table.origin})`)}\n\n${text}${told(otherOrigins(table))}`;
}

/** Sentences as they are, or broken at the end of so many columns. */
function toldIn(columns: number | null): (sentence: string) => string {
  return (sentence) => columns === null ? sentence : wrap(sentence, { width: columns, hang: 2 });
}

/** Columns of standard output where it is a terminal, for the texts below; else null. */
export function outputColumns(): number | null {
  const { interactive, width } = detectTerminal("stdout");
  return interactive ? width : null;
}

/** A line for the columns that are from elsewhere than the table, unless their names say so themselves. */
function otherOrigins({ columns, origin }: TableDocument): string {
  const lines = ORIGINS.filter((other) => other !== origin).flatMap((other) => {
    const own = columns.filter((column) => column.origin === other).map(({ name }) => name);
    const names = own.filter((name) => !name.startsWith(other));
    return names.length === 0 ? [] : [`${other}: ${names.join(", ")}`];
  });
  return lines.length === 0 ? "" : `${lines.join("; ")}\n`;
}

/**
 * All tables of an experiment, its notes, and what was found.
 *
 * @param columns Of the terminal, for which wide tables are cut into parts and sentences broken between words; null for none.
 */
export function fullText(
  { tables, verdicts = [], notes }: BenchDocument,
  columns: number | null = null,
): string {
  // What was found is read first: on a terminal, the end.
  const lines = [notes, verdicts.length === 0 ? [] : ["VERDICT", ...verdicts]];
  const told = toldIn(columns);
  return [
    ...tables.map((table) => tableText(table, columns)),
    ...lines.filter(({ length }) => length > 0).map((some) => `${some.map(told).join("\n")}\n`),
  ].join("\n");
}

/** The short tables of a result; `columns` as for {@linkcode fullText}. */
export function shortTables({ tables }: BenchDocument, columns: number | null = null): string {
  return tables.filter(({ short }) => short).map((table) => tableText(table, columns)).join("\n");
}

/** The short version of a suite: its short tables, and what failed; `columns` as for {@linkcode fullText}. */
export function shortText(
  documents: readonly BenchDocument[],
  columns: number | null = null,
): string {
  const tables = documents.map((one) => shortTables(one, columns)).filter((text) => text !== "");
  const remarks = [
    ...new Set(
      documents.flatMap(({ device }) =>
        device?.isFallbackAdapter
          ? [
            `${device.name} is a software adapter: times and rates measured on it say nothing of a GPU`,
          ]
          : []
      ),
    ),
    ...new Set(
      documents.flatMap(({ settings: { scale } }) =>
        scale === "smoke" ? ["A smoke run: its figures mean nothing"] : scale === "reduced"
          ? [
            "Measured on twins of reduced size; --full measures the published sizes, which takes hours",
          ]
          : []
      ),
    ),
    ...documents.flatMap(({ experiment, failure }) =>
      failure === null ? [] : [`${experiment} failed: ${failure}`]
    ),
  ];
  return [
    ...tables,
    ...(remarks.length === 0 ? [] : [`${remarks.map(toldIn(columns)).join("\n")}\n`]),
  ].join("\n");
}
