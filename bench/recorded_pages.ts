/**
 * Tables of recorded runs in pages: a page says between two comments which table it has, and the table is made of the records.
 *
 * ```text
 * <!-- recorded: frontier 1 --workloads rm2 -->
 * …
 * <!-- end of recorded -->
 * ```
 *
 * stands for the first table of `deno task bench frontier --workloads rm2 --recorded`. In the place of a number, `verdicts` is
 * what it says was found, `headline` the sentence that the report begins with, and `picture:docs/tradeoff.svg` the chart beside
 * that, as a file. Between `<!-- results: docs/results/plans.json -->` and `<!-- end of results -->` stand the short tables of a
 * result that was kept, as the terminal has them.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { UserError } from "../core/errors.ts";
import { parseFlags } from "../core/flags.ts";
import { drawFigureSvg } from "../figures/figure_svg.ts";
import { BENCH_FLAGS, commandLine, settingsOf } from "./flags.ts";
import { recordedExperiment } from "./recorded_experiment.ts";
import { shortTables } from "./print.ts";
import { EXPERIMENTS } from "./registry.ts";
import type { BenchDocument, TableDocument } from "./report.ts";
import { tradeoffFigure } from "./report_page/first_screen.ts";
import { readResult } from "./results.ts";
import { runExperiment } from "./run_experiment.ts";

const BEGIN = /^<!-- (recorded|results): (.*) -->$/;

/**
 * A page with all of its recorded parts made anew.
 *
 * @param page Its path, for messages.
 * @param records The folder of records.
 * @param pictures Takes the SVG of its pictures by the paths that the page has for them.
 * @throws {UserError} A part names no experiment or table, or has no end.
 */
export async function renewPage(
  page: string,
  text: string,
  records: string,
  pictures: Map<string, string> = new Map(),
): Promise<string> {
  const lines = text.split("\n"), made: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    made.push(lines[i]!);
    const [, kind, words] = BEGIN.exec(lines[i]!) ?? [];
    if (words === undefined) continue;
    const last = `<!-- end of ${kind} -->`, end = lines.indexOf(last, i);
    const where = `${page}, line ${i + 1}`;
    if (end < 0) throw new UserError(`Cannot renew ${where}: no line is ${last}`);
    const part = kind === "results"
      ? await resultsPart(join(dirname(page), words))
      : await partOf(words.split(/\s+/), records, where, pictures);
    made.push("", ...part, "", last);
    i = end;
  }
  return made.join("\n");
}

/** Whether two texts of a page say the same: a formatter may have aligned tables and broken lines. */
export function sayTheSame(a: string, b: string): boolean {
  const plain = (text: string): string =>
    text.replace(/-{3,}/g, "---").replace(/\s+/g, " ").replaceAll("---:", "---").trim();
  return plain(a) === plain(b);
}

/** In the place of verdicts, or of a table's rows, that the records do not give yet. */
const NOTHING_YET = "The runs recorded so far say nothing of this.";

/** The lines of a part. */
async function partOf(
  [name, what = "", ...flags]: readonly string[],
  records: string,
  where: string,
  pictures: Map<string, string>,
): Promise<string[]> {
  const experiment = EXPERIMENTS.find((one) => one.name === name);
  if (experiment === undefined) {
    throw new UserError(`Cannot renew ${where}: ${name} is no experiment`);
  }
  const { values, given } = parseFlags(BENCH_FLAGS, flags);
  const settings = settingsOf(
    { ...values, recorded: true, records },
    { say: () => {}, signal: new AbortController().signal },
  );
  const keys = [...given.keys(), "recorded"];
  const command = commandLine({ ...values, recorded: true }, keys, [experiment.name]);
  const { document, error } = await runExperiment(
    recordedExperiment(experiment),
    settings,
    command,
  );
  if (error !== undefined) throw error;
  if (what === "headline") return [`${document.headline ?? NOTHING_YET.slice(0, -1)}.`];
  if (what.startsWith(PICTURE)) {
    return await pictureOf(document, what.slice(PICTURE.length), pictures);
  }
  const block = ["```sh", command, "```", ""];
  if (document.tables.length === 0) return [...block, `${document.notes[0]!.split(" in ")[0]}.`];
  return [...block, ...contentOf(document, what, where)];
}

/** The short tables of a result. */
async function resultsPart(path: string): Promise<string[]> {
  return ["```text", shortTables(await readResult(path)).trimEnd(), "```"];
}

/** How a picture is asked for, before its path. */
const PICTURE = "picture:";

/** The chart of the report's first screen, as a link to its file. */
async function pictureOf(
  document: BenchDocument,
  path: string,
  pictures: Map<string, string>,
): Promise<string[]> {
  const figure = tradeoffFigure([document]);
  if (figure === null) return [NOTHING_YET];
  pictures.set(path, await drawFigureSvg(figure));
  return [`![${figure.title}](${path})`, "", figure.caption];
}

function contentOf(
  { tables, verdicts = [] }: BenchDocument,
  what: string,
  where: string,
): string[] {
  if (what === "verdicts") {
    return verdicts.length === 0 ? [NOTHING_YET] : verdicts.map((verdict) => `- ${verdict}.`);
  }
  const table = tables[Number(what) - 1];
  if (table === undefined) {
    throw new UserError(
      `Cannot renew ${where}: give a table from 1 to ${tables.length}, or verdicts, in the place of "${what}"`,
    );
  }
  return table.rows.length === 0 ? [NOTHING_YET] : tableLines(table);
}

/** A table in Markdown, its columns padded. */
function tableLines({ columns, texts }: TableDocument): string[] {
  const cells = [columns.map(({ name }) => name), ...texts].map((row) =>
    row.map((text) => text.replaceAll("|", "\\|"))
  );
  const widths = columns.map((_, c) =>
    cells.reduce((most, row) => Math.max(most, [...row[c]!].length), 3)
  );
  const line = (row: readonly string[]): string =>
    `| ${
      row.map((text, c) => {
        const space = " ".repeat(widths[c]! - [...text].length);
        return columns[c]!.right ? space + text : text + space;
      }).join(" | ")
    } |`;
  const rule = columns.map(({ right }, c) =>
    right ? `${"-".repeat(widths[c]! - 1)}:` : "-".repeat(widths[c]!)
  );
  const [head, ...rows] = cells;
  return [line(head!), `| ${rule.join(" | ")} |`, ...rows.map(line)];
}
