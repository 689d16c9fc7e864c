/**
 * Which documents a page can show, and in which order.
 *
 * @module
 */

import { EXPERIMENTS } from "../registry.ts";
import type { BenchDocument } from "../report.ts";
import type { Results } from "../results.ts";

/** Sections from the headline to the harness. */
const ORDER = EXPERIMENTS.map(({ name }) => name);

/** Sorts, and leaves out what is no whole document or an older one of the same experiment, saying so. */
export function showable({ documents, refused }: Results): {
  readonly documents: readonly BenchDocument[];
  readonly refused: readonly string[];
} {
  const told = [...refused], shown = new Map<string, BenchDocument>();
  const byTime = documents.toSorted((
    a,
    b,
  ) => (String(a.finished_at) < String(b.finished_at) ? 1 : -1));
  for (const document of byTime) {
    const problem = problemOf(document);
    if (problem !== null) {
      told.push(`Cannot show the result of ${document.experiment}: ${problem}`);
    } else if (shown.has(document.experiment)) {
      told.push(
        `Cannot show two results of ${document.experiment}: that of ${document.finished_at} is the older one`,
      );
    } else {
      shown.set(document.experiment, document);
    }
  }
  const place = ({ experiment }: BenchDocument) =>
    ORDER.includes(experiment) ? ORDER.indexOf(experiment) : ORDER.length;
  const sorted = [...shown.values()].sort((a, b) =>
    place(a) - place(b) || (a.experiment < b.experiment ? -1 : 1)
  );
  return { documents: sorted, refused: told };
}

/** What is wrong with a document that came from a file; null if nothing is. Names become parts of file names. */
function problemOf(document: BenchDocument): string | null {
  const { experiment, title, finished_at, seconds, command, settings, environment } = document;
  const { tables, figures, notes, failure } = document;
  if (!isName(experiment)) return "its name is not lower case letters, digits and dashes";
  if (![title, finished_at, command].every(isString) || typeof seconds !== "number") {
    return "title, finished_at, command or seconds is missing";
  }
  if (!isObject(settings) || !isObject(environment)) return "settings or environment is missing";
  if (failure !== null && !isString(failure)) return "failure is no text";
  if (!isArray(notes) || !notes.every(isString)) return "its notes are no list of texts";
  if (!isArray(tables) || !tables.every(isTable)) return "a table is incomplete";
  if (!isArray(figures) || !figures.every(isFigure)) return "a figure is incomplete";
  const names = figures.map(({ name }) => name);
  if (new Set(names).size < names.length) return "two figures have one name";
  return null;
}

function isTable(table: BenchDocument["tables"][number]): boolean {
  return isObject(table) && isString(table.title) && isOrigin(table.origin) &&
    isArray(table.columns) && isArray(table.rows) && isArray(table.texts) &&
    table.columns.every((column) =>
      isObject(column) && isString(column.name) && isOrigin(column.origin)
    ) &&
    [...table.rows, ...table.texts].every((row) =>
      isArray(row) && row.length === table.columns.length
    );
}

function isFigure(figure: BenchDocument["figures"][number]): boolean {
  return isObject(figure) && isName(figure.name) && isString(figure.title) &&
    isString(figure.caption) && isArray(figure.panels) &&
    figure.panels.every((panel) =>
      isObject(panel) && isString(panel.title) && isAxis(panel.x) && isAxis(panel.y) &&
      ["bars", "stacked", "lines", "scatter", "points"].includes(panel.mark) &&
      (panel.diagonal === undefined || isString(panel.diagonal)) &&
      isArray(panel.data) &&
      panel.data.every((datum) =>
        isObject(datum) && isString(datum.series) && isOrigin(datum.origin)
      ) &&
      (panel.rules === undefined ||
        isArray(panel.rules) &&
          panel.rules.every((rule) => isObject(rule) && isString(rule.label)))
    );
}

const isString = (value: unknown): value is string => typeof value === "string";
const isArray = (value: unknown): boolean => Array.isArray(value);
const isObject = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isName = (value: unknown): boolean => isString(value) && /^[a-z0-9][a-z0-9-]*$/.test(value);
const isOrigin = (value: unknown): boolean =>
  value === "measured" || value === "predicted" || value === "published";
const isAxis = (value: { readonly label: string } | undefined): boolean =>
  value !== undefined && isObject(value) && isString(value.label);
