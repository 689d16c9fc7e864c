/**
 * Training runs that are recorded with the project (`deno task bench record`) as traces: what their minibatches looked up and
 * skipped, summed by epoch and kind.
 *
 * @module
 */

import { fs } from "../core/deno.ts";
import { UserError } from "../core/errors.ts";
import {
  anyObject,
  checkSchema,
  documentOf,
  inTurn,
  listOf,
  numberFrom,
  objectWith,
  oneOf,
  orNull,
  type Schema,
  text,
  wholeFrom,
} from "../core/schema.ts";
import { parseSealed, readBounded } from "../core/json_file.ts";
import { fileURLToPath } from "../core/node.ts";
import { OPTIMIZER_NAMES } from "../train/model/optimizers.ts";
import {
  BATCH_SCHEMA,
  INPUTS_SCHEMA,
  LOOKUPS_SCHEMA,
  MODEL_SCHEMA,
  PLAN_SCHEMA,
} from "../train/trace/header.ts";
import { MINIBATCH_KINDS, TRACE_SCHEMA_VERSION, type TraceHeader } from "../train/trace/schema.ts";
import { checkHeader, contradiction } from "./check_trace.ts";
import { type CountedTrace, type CountSums, type HotCopies, meanRun } from "./work.ts";

/** What of a training run the simulator takes. */
export interface RunWork {
  readonly workload: string;
  readonly batch: number;
  readonly optimizer: string;
  readonly placement: string;
  /** Of the inputs that it read. */
  readonly dataset_hash: string;
  readonly train_inputs: number;
  readonly plan: TraceHeader["plan"];
  readonly environment: TraceHeader["environment"];
  readonly work: {
    readonly model: TraceHeader["model"];
    readonly lookups_per_input: number;
    readonly minibatches: readonly CountSums[];
    readonly copies: HotCopies | null;
  };
}

/**
 * The trace of a run whose minibatches are summed: mean minibatches by epoch, kind and whether they are full.
 *
 * @param format What its inputs are of: `twin:rm2`.
 */
export function runTrace(run: RunWork, format: string): CountedTrace {
  const { work, plan, batch, optimizer, placement, dataset_hash, train_inputs } = run;
  const header: TraceHeader = {
    schema: "slipstream.trace",
    schema_version: TRACE_SCHEMA_VERSION,
    origin: "run",
    model: work.model,
    optimizer: optimizer as TraceHeader["optimizer"],
    batch,
    lookups_per_input: work.lookups_per_input,
    dataset: { hash: dataset_hash, format, train_inputs },
    plan,
    placement: placement as TraceHeader["placement"],
    device: null,
    host: null,
    environment: run.environment,
    stage_resolution: "minibatch",
  };
  return {
    header,
    runs: work.minibatches.map((sums) => meanRun(sums, header)),
    ...(work.copies === null ? {} : { copies: work.copies }),
  };
}

/** A document of the folder, as far as it is read here; the bench checks the rest. */
interface RecordedDocument {
  readonly schema: typeof RECORDED_SCHEMA;
  readonly schema_version: 1;
  readonly run: RunWork & { readonly variant: string };
}

/** Tells the file from others. */
export const RECORDED_SCHEMA = "slipstream.recorded-run";

/** A sum over minibatches. */
const SUM = numberFrom(0, 1e18);

const DOCUMENT: Schema<RecordedDocument> = documentOf<RecordedDocument>(
  { schema: RECORDED_SCHEMA, version: 1 },
  objectWith<RecordedDocument>({
    schema: oneOf([RECORDED_SCHEMA]),
    schema_version: oneOf([1]),
    run: objectWith<RecordedDocument["run"]>({
      workload: text,
      variant: text,
      batch: BATCH_SCHEMA,
      optimizer: oneOf(OPTIMIZER_NAMES),
      placement: text,
      dataset_hash: text,
      train_inputs: inTurn(wholeFrom(1), INPUTS_SCHEMA),
      plan: PLAN_SCHEMA,
      environment: orNull(anyObject) as unknown as Schema<TraceHeader["environment"]>,
      work: objectWith<RunWork["work"]>({
        model: MODEL_SCHEMA,
        lookups_per_input: LOOKUPS_SCHEMA,
        minibatches: listOf(
          objectWith<CountSums>({
            kind: oneOf(MINIBATCH_KINDS),
            epoch: wholeFrom(0, 1e6),
            times: wholeFrom(1, 2 ** 40),
            inputs: SUM,
            lookups: SUM,
            unique_rows: SUM,
            cold_lookups: SUM,
            unique_cold_rows: SUM,
            frozen_rows: SUM,
            skipped_inputs: SUM,
          }),
          1,
        ),
        copies: orNull(objectWith<HotCopies>({ bytes: SUM, times: wholeFrom(1, 2 ** 40) })),
      }),
    }),
  }),
);

/**
 * A recorded run's document as a trace.
 *
 * @throws {UserError} The first field that is missing or cannot be.
 */
export function parseRecordedRun(value: unknown, where: string): CountedTrace {
  return toTrace(checkSchema(DOCUMENT, value, `Cannot read ${where}`), where);
}

function toTrace({ run }: RecordedDocument, where: string): CountedTrace {
  const trace = runTrace(run, `twin:${run.workload}`);
  const cannot = `Cannot read ${where}`;
  checkHeader(trace.header, trace.runs.length, cannot);
  for (const [i, { record }] of trace.runs.entries()) {
    const wrong = contradiction(record, trace.header);
    if (wrong !== null) {
      throw new UserError(`${cannot}: the mean of run.work.minibatches[${i}] ${wrong}`);
    }
  }
  return trace;
}

/** The project's own records; none where the project is not in a folder of this machine. */
const RECORDS_FOLDER = import.meta.url.startsWith("file:")
  ? fileURLToPath(new URL("../bench/recorded", import.meta.url))
  : null;

/** A record takes some 10 kB; rows that are watched, more. */
const MOST_BYTES = 16e6;

/** Variants that skip as the paper does, the first that is there: cold inputs first, or in rounds. */
const SKIPPING = ["slipstream", "slipstream,schedule=interleaved"];

/**
 * The longest recorded run of a workload that skips as Slipstream does by default, as a trace. Null where none is recorded.
 */
export async function findRecordedSkips(
  workload: string,
  folder: string | null = RECORDS_FOLDER,
): Promise<CountedTrace | null> {
  let found: { trace: CountedTrace; rank: number } | null = null;
  for (const name of folder === null ? [] : await namesIn(folder)) {
    const rank = SKIPPING.findIndex((variant) =>
      name.startsWith(`${workload}-`) && name.includes(`-${variant}-seed`)
    );
    if (rank < 0) continue;
    const path = `${folder}/${name}`;
    const bytes = await readBounded(path, MOST_BYTES);
    const parsed = parseSealed(bytes, { cannot: `Cannot read ${path}`, seal: "required" });
    const document = checkSchema(DOCUMENT, parsed, `Cannot read ${path}`);
    const longer = found === null ||
      document.run.train_inputs > found.trace.header.dataset.train_inputs;
    const better = found !== null && rank < found.rank &&
      document.run.train_inputs === found.trace.header.dataset.train_inputs;
    if (longer || better) found = { trace: toTrace(document, path), rank };
  }
  return found?.trace ?? null;
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name, isFile } of fs.readDir(folder)) {
      if (isFile && name.endsWith(".json")) names.push(name);
    }
  } catch (error) {
    if (!(error instanceof fs.errors.NotFound)) throw error;
  }
  return names.sort();
}
