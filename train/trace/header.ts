/**
 * What the header of a trace must hold, of a run's trace and of a counted one. Members that no reader uses are not checked,
 * and new ones may stand beside them.
 *
 * @module
 */

import {
  anyObject,
  documentOf,
  listOf,
  numberFrom,
  objectWith,
  oneOf,
  orNull,
  type Schema,
  text,
  wholeFrom,
  words,
} from "../../core/schema.ts";
import { OPTIMIZER_NAMES } from "../model/optimizers.ts";
import { TRACE_SCHEMA_VERSION, type TraceHeader } from "./schema.ts";

const COUNT = wholeFrom(0), SIZE = wholeFrom(1);
/** Widths of an MLP. */
const WIDTHS = listOf(SIZE, 1);

const MODEL = objectWith<TraceHeader["model"]>(
  {
    table_rows: WIDTHS,
    dim: SIZE,
    bottom: WIDTHS,
    top: WIDTHS,
    parameters: objectWith<TraceHeader["model"]["parameters"]>({ dense: SIZE, embedding: SIZE }),
  },
  {
    lookups: WIDTHS,
    steps: SIZE,
    attention: WIDTHS,
    final: WIDTHS,
    cross: objectWith<NonNullable<TraceHeader["model"]["cross"]>>({
      // Each is simulated by itself.
      layers: wholeFrom(1, 1000),
      rank: SIZE,
    }),
  },
);

/** What it says of the plan. */
export const PLAN_SCHEMA = objectWith<TraceHeader["plan"]>({
  // A plan of one's own has a name of its own.
  name: words as Schema<TraceHeader["plan"]["name"]>,
  options: anyObject as Schema<TraceHeader["plan"]["options"]>,
  hot: orNull(objectWith<NonNullable<TraceHeader["plan"]["hot"]>>({
    memory_bytes: numberFrom(0),
    rows: COUNT,
    rows_per_table: listOf(COUNT),
    hot_inputs: COUNT,
    cold_inputs: COUNT,
  })),
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
    model: MODEL,
    optimizer: oneOf(OPTIMIZER_NAMES),
    batch: SIZE,
    lookups_per_input: SIZE,
    dataset: objectWith<TraceHeader["dataset"]>({ hash: text, format: text, train_inputs: COUNT }),
    plan: PLAN_SCHEMA,
    placement: words,
    stage_resolution: oneOf(["minibatch", "interval"]),
  }, {
    normalisation: oneOf(["dense", "vectors"]),
  }),
);
