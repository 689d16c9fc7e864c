/**
 * What the header of a trace must hold, of a run's trace and of a counted one. Members that no reader uses are not checked,
 * and new ones may stand beside them.
 *
 * @module
 */

import {
  checked,
  documentOf,
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
  words,
} from "../../core/schema.ts";
import { OPTIMIZER_NAMES } from "../model/optimizers.ts";
import { TRACE_SCHEMA_VERSION, type TraceHeader } from "./schema.ts";

/**
 * Sizes above these are refused as mistakes: the largest models that were published have 10^14 parameters, 10^12 rows and some
 * thousand tables, the largest public log 4 · 10^9 inputs. What is computed of them stays finite and is soon done.
 */
const MOST = {
  rows: 2 ** 40,
  tables: 2 ** 16,
  dim: 2 ** 16,
  width: 2 ** 20,
  /** Each is simulated by itself. */
  layers: 100,
  steps: 2 ** 16,
  bag: 2 ** 20,
  batch: 2 ** 30,
  inputs: 2 ** 40,
  dense: 2 ** 40,
  embedding: 2 ** 50,
  /** An exabyte. */
  bytes: 1e18,
  option: 1e18,
} as const;

/** Widths of an MLP. */
const WIDTHS = listOf(wholeFrom(1, MOST.width), 1, MOST.layers);

/** The model's shape. */
export const MODEL_SCHEMA: Schema<TraceHeader["model"]> = objectWith<TraceHeader["model"]>(
  {
    table_rows: listOf(wholeFrom(1, MOST.rows), 1, MOST.tables),
    dim: wholeFrom(1, MOST.dim),
    bottom: WIDTHS,
    top: WIDTHS,
    parameters: objectWith<TraceHeader["model"]["parameters"]>({
      dense: wholeFrom(1, MOST.dense),
      embedding: wholeFrom(1, MOST.embedding),
    }),
  },
  {
    lookups: listOf(wholeFrom(1, MOST.bag), 1, MOST.tables),
    steps: wholeFrom(1, MOST.steps),
    attention: WIDTHS,
    final: WIDTHS,
    cross: objectWith<NonNullable<TraceHeader["model"]["cross"]>>({
      layers: wholeFrom(1, MOST.layers),
      rank: wholeFrom(1, MOST.width),
    }),
  },
);

/** Inputs of a full minibatch. */
export const BATCH_SCHEMA: Schema<number> = wholeFrom(1, MOST.batch);
/** Inputs of a log. */
export const INPUTS_SCHEMA: Schema<number> = wholeFrom(0, MOST.inputs);
/** Lookups of an input in all tables and steps. */
export const LOOKUPS_SCHEMA: Schema<number> = wholeFrom(1, MOST.tables * MOST.bag);

/** An option, of any plan. */
const OPTION = value<string | number | boolean | null>(
  (found) =>
    found === null || typeof found === "string" || typeof found === "boolean" ||
    typeof found === "number" && Math.abs(found) <= MOST.option,
  `be a text, true, false, null or a number from -${MOST.option} to ${MOST.option}`,
);

type HotDocument = NonNullable<TraceHeader["plan"]["hot"]>;

/** What it says of the plan. */
export const PLAN_SCHEMA: Schema<TraceHeader["plan"]> = objectWith<TraceHeader["plan"]>({
  // A plan of one's own has a name of its own.
  name: words as Schema<TraceHeader["plan"]["name"]>,
  options: recordOf(OPTION),
  hot: orNull(checked(
    objectWith<HotDocument>({
      memory_bytes: numberFrom(0, MOST.bytes),
      rows: wholeFrom(0, MOST.embedding),
      rows_per_table: listOf(wholeFrom(0, MOST.rows), 0, MOST.tables),
      hot_inputs: INPUTS_SCHEMA,
      cold_inputs: INPUTS_SCHEMA,
    }),
    ({ hot_inputs, cold_inputs }) =>
      hot_inputs + cold_inputs > 0 ? null : "has neither hot_inputs nor cold_inputs above 0",
  )),
  decisions: listOf(
    objectWith<TraceHeader["plan"]["decisions"][number]>({ sampled: INPUTS_SCHEMA }),
  ),
});

/** The header. */
export const HEADER_SCHEMA: Schema<TraceHeader> = documentOf<TraceHeader>(
  {
    schema: "slipstream.trace",
    version: TRACE_SCHEMA_VERSION,
    otherwise: "; trace the run again with this version",
  },
  objectWith<TraceHeader>({
    origin: oneOf(["run", "counts"]),
    model: MODEL_SCHEMA,
    optimizer: oneOf(OPTIMIZER_NAMES),
    batch: BATCH_SCHEMA,
    lookups_per_input: LOOKUPS_SCHEMA,
    dataset: objectWith<TraceHeader["dataset"]>({
      hash: text,
      format: text,
      train_inputs: INPUTS_SCHEMA,
    }),
    plan: PLAN_SCHEMA,
    placement: words,
    stage_resolution: oneOf(["minibatch", "interval"]),
  }, {
    normalisation: oneOf(["dense", "vectors"]),
  }),
);
