/**
 * The parts of `deno task gpu` as one document of a results folder, which the report and `bench compare` read like any other.
 *
 * @module
 */

import { fixed } from "../../core/format.ts";
import { plainColumn, tableOf } from "../columns.ts";
import { type BenchDocument, buildDocument } from "../report.ts";
import type { GpuPart } from "./parts.ts";

/** What became of a part. */
export interface PartOutcome {
  readonly part: GpuPart;
  readonly status: "done" | "failed" | "out of time" | "left out";
  /** Seconds that it took. */
  readonly seconds: number;
  /** What is to be said of it: the number of tests, or why it did not end well. */
  readonly remark: string;
  /** What its experiment found. */
  readonly document?: BenchDocument;
}

/** What the document is told of the whole. */
export interface GpuRun {
  readonly seconds: number;
  readonly command: string;
  readonly smoke: boolean;
}

/** Joins the parts: a table of what ran, and behind it all that each has found, under its name. */
export function gpuDocument(
  outcomes: readonly PartOutcome[],
  { seconds, command, smoke }: GpuRun,
): BenchDocument {
  const found = outcomes.flatMap(({ part, document }) =>
    document === undefined ? [] : [{ name: part.name, document }]
  );
  const ran = tableOf({ title: "What ran", short: true }, outcomes, [
    plainColumn("part", ({ part }) => part.name),
    plainColumn("status", ({ status }) => status),
    {
      name: "s",
      format: fixed(1),
      cell: ({ status, seconds }) => status === "left out" ? null : seconds,
    },
    plainColumn("remark", ({ remark }) => remark),
  ]);
  const own = buildDocument(
    { name: "gpu", title: "This GPU" },
    {
      tables: [ran],
      device: found.find(({ document }) => document.device !== null)?.document.device ?? null,
      notes: found.flatMap(({ name, document }) =>
        document.notes.map((note) => `${name}: ${note}`)
      ),
    },
    { seconds, command, settings: { scale: smoke ? "smoke" : "reduced" } },
  );
  return {
    ...own,
    tables: [
      ...own.tables,
      ...found.flatMap(({ name, document }) =>
        document.tables.map((table) => ({ ...table, title: `${name}: ${table.title}` }))
      ),
    ],
    figures: found.flatMap(({ name, document }) =>
      document.figures.map((figure) => ({ ...figure, name: `${name}-${figure.name}` }))
    ),
    samples: found.flatMap(({ name, document }) =>
      document.samples.map((sample) => ({ ...sample, name: `${name}/${sample.name}` }))
    ),
  };
}
