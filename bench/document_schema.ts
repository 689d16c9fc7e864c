/**
 * What a result's document must hold for the report and comparisons. New members may stand beside these.
 *
 * @module
 */

import {
  checked,
  documentOf,
  flag,
  listOf,
  numberFrom,
  objectWith,
  oneOf,
  orNull,
  recordOf,
  type Schema,
  text,
  value,
  wholeFrom,
} from "../core/schema.ts";
import type { Cell } from "../core/table.ts";
import type { Environment } from "../train/run/environment.ts";
import {
  type CalculatedEpoch,
  type DeviceNote,
  type Outcome,
  OUTCOMES,
  type Sample,
} from "./experiment.ts";
import {
  type Datum,
  type Figure,
  type FigureAxis,
  type Origin,
  ORIGINS,
  type Panel,
} from "../figures/figure.ts";
import { BENCH_SCHEMA_VERSION, type BenchDocument, type TableDocument } from "./report.ts";

/** Names become parts of file names. */
const NAME: Schema<string> = value(
  (found) => typeof found === "string" && /^[a-z0-9][a-z0-9-]*$/.test(found),
  "be lower-case letters, digits and dashes",
);
const ORIGIN: Schema<Origin> = oneOf(ORIGINS);
/** Numbers that are not finite are null in JSON. */
const NUMBER = orNull(numberFrom(-Infinity)) as Schema<number>;
const CELL: Schema<Cell> = value(
  (found) => found === null || typeof found === "string" || typeof found === "number",
  "be a text, a number or null",
);
const SETTING: Schema<string | number | boolean | null> = value(
  (found) => found === null || ["string", "number", "boolean"].includes(typeof found),
  "be a text, a number, true, false or null",
);

const ENVIRONMENT = objectWith<Environment>({
  project_version: text,
  git_revision: orNull(text),
  git_dirty: orNull(flag),
  deno: text,
  v8: text,
  typescript: text,
  os: text,
  arch: text,
  cpus: wholeFrom(1),
  cpu_model: orNull(text),
});

const DEVICE = objectWith<DeviceNote>({
  kind: oneOf(["cpu", "webgpu"]),
  name: text,
  isFallbackAdapter: flag,
});

const TABLE: Schema<TableDocument> = checked(
  objectWith<TableDocument>({
    title: text,
    origin: ORIGIN,
    short: flag,
    columns: listOf(
      objectWith<TableDocument["columns"][number]>({ name: text, origin: ORIGIN, right: flag }),
    ),
    rows: listOf(listOf(CELL)),
    texts: listOf(listOf(text)),
  }),
  ({ columns, rows, texts }) => {
    for (const [name, lines] of Object.entries({ rows, texts })) {
      const at = lines.findIndex((line) => line.length !== columns.length);
      if (at >= 0) {
        return `has ${
          lines[at]!.length
        } cells in ${name}[${at}] and must have ${columns.length}, one a column`;
      }
    }
    if (texts.length !== rows.length) {
      return `has ${texts.length} lines in texts and must have ${rows.length}, as many as in rows`;
    }
    return null;
  },
);

const AXIS = objectWith<FigureAxis>({ label: text }, {
  scale: oneOf(["linear", "log"]),
  zero: flag,
});

const PANEL = objectWith<Panel>(
  {
    title: text,
    mark: oneOf(["bars", "stacked", "lines", "scatter", "points"]),
    x: AXIS,
    y: AXIS,
    data: listOf(objectWith<Datum>(
      { x: CELL as Schema<Datum["x"]>, y: NUMBER, series: text, origin: ORIGIN },
      { low: NUMBER, high: NUMBER },
    )),
  },
  {
    rules: listOf(objectWith<NonNullable<Panel["rules"]>[number]>({ y: NUMBER, label: text })),
    diagonal: text,
  },
);

const FIGURE = objectWith<Figure>({
  name: NAME,
  title: text,
  caption: text,
  panels: listOf(PANEL),
}, { secondary: flag });

const FIGURES: Schema<Figure[]> = checked(listOf(FIGURE), (figures) => {
  const names = figures.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  return twice === undefined ? null : `has two figures of the name ${twice}`;
});

const COEFFICIENT = numberFrom(-Infinity);

const EPOCH = objectWith<CalculatedEpoch>({
  workload: text,
  machine: text,
  hot_share: numberFrom(0, 1),
  drop_share: numberFrom(0, 1),
  systems: listOf(objectWith<CalculatedEpoch["systems"][number]>({
    system: text,
    cold_s: COEFFICIENT,
    hot_s: COEFFICIENT,
    skipped_s: COEFFICIENT,
  })),
});

const SAMPLE = objectWith<Sample>({
  name: text,
  unit: text,
  better: oneOf(["lower", "higher"]),
  timing: flag,
  values: listOf(NUMBER),
});

/** A result's document. */
export const RESULT_SCHEMA: Schema<BenchDocument> = documentOf<BenchDocument>(
  {
    schema: "slipstream.bench",
    version: BENCH_SCHEMA_VERSION,
    otherwise: "; run the experiment again",
  },
  objectWith<BenchDocument>({
    experiment: NAME,
    title: text,
    finished_at: text,
    seconds: numberFrom(0),
    command: text,
    settings: recordOf(SETTING),
    environment: ENVIRONMENT,
    device: orNull(DEVICE),
    failure: orNull(text),
    tables: listOf(TABLE),
    figures: FIGURES,
    samples: listOf(SAMPLE),
    notes: listOf(text),
  }, {
    outcome: objectWith<Outcome>({ state: oneOf(OUTCOMES), why: text }),
    headline: text,
    tradeoff: PANEL,
    calculator: listOf(EPOCH),
    verdicts: listOf(text),
  }),
);
