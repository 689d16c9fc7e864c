/**
 * Opens raw click logs or generated ones as a data set.
 *
 * @module
 */

import { UsageError, UserError } from "../core/errors.ts";
import { ARRAY_FORMATS } from "./arrays/formats.ts";
import { BlockStore } from "./block_store.ts";
import { chooseFormat } from "./choose_format.ts";
import type { PreparationOptions } from "./manifest.ts";
import { findTextFiles, prepareCache } from "./prepare.ts";
import { PreparedDataset } from "./prepared_dataset.ts";
import { isLabelled, type LogSchema } from "./schema/log_schema.ts";
import type { PreparationProgress } from "./source_scan.ts";
import type { ColumnScales } from "./standardise.ts";
import { openSynthetic, type SyntheticOptions } from "./synthetic.ts";
import { type EventLayout, TAOBAO_LAYOUT } from "./taobao.ts";
import { openTwin } from "./twin/open.ts";
import { parseTwinSource, type TwinSource } from "./twin/source.ts";
import type { Dataset } from "./types.ts";

/** Formats of text. */
const TEXT_FORMATS = ["criteo-kaggle", "criteo-terabyte", "avazu", "taobao"] as const;

/** The name of a format of text. */
export type TextFormat = typeof TEXT_FORMATS[number];

/** Formats of click logs. */
export const LOG_FORMATS = [...TEXT_FORMATS, ...ARRAY_FORMATS] as const;

/** The name of a log's format. */
export type LogFormat = typeof LOG_FORMATS[number];

/** Formats that can be opened. */
export const DATA_FORMATS = [...LOG_FORMATS, "synthetic"] as const;

/** The name of a format. */
export type DataFormat = typeof DATA_FORMATS[number];

/** What to open, and how. */
export interface OpenOptions {
  /**
   * Raw files, folders of files or patterns (`part-*.parquet`), in order: text (plain, gzip or zstd), Parquet, Arrow. Empty
   * for `synthetic`. Or one twin, `twin:NAME` or `twin:FILE.json`, optionally followed by settings (`,drift=10`, `,effect=0.5`)
   * and by `:INPUTS`; `limit` then caps its inputs, `seed` seeds its draws, and its ids are taken modulo `maxIndexRange`.
   */
  readonly data: readonly string[];
  /**
   * By default the format is recognised by the names in a header or by the number of columns: 40 are Criteo (Terabyte if
   * there are several files or one is called `day_N`), 24 Avazu, 5 Taobao. If it is given, only its layout is recognised.
   * Arrays that other projects have prepared are recognised by their names and first bytes.
   */
  readonly format?: DataFormat | undefined;
  /**
   * Use only the first rows of all files, this many: inputs, or events for Taobao. A Criteo log that it cuts short is split
   * in sevenths.
   */
  readonly limit?: number | undefined;
  /** Ids are first taken modulo this, as unsigned numbers (DLRM's `max-ind-range`). Default 0: as they are. */
  readonly maxIndexRange?: number | undefined;
  /**
   * Ids that occur fewer times in the training split share an out-of-vocabulary row, row 0 of their table. Default 0: there
   * is no such row, and ids that occur only in test inputs have rows of their own, as in DLRM.
   */
  readonly minCount?: number | undefined;
  /**
   * Seed of what is drawn: the splits of Avazu; users, windows and negatives of Taobao; all inputs of a twin. An integer in
   * [0, 2^32). Default 123, as in the originals.
   */
  readonly seed?: number | undefined;
  /** For Taobao: validate on users that are also trained on, as the original does. Default false. */
  readonly leak?: boolean | undefined;
  /**
   * Put all inputs into the split `test`, in the order of the files, to score a log. Not for Taobao, whose users are split.
   * Default false.
   */
  readonly whole?: boolean | undefined;
  /** A bad row ends the preparation, or is left out and counted. Default `error`. */
  readonly badRows?: "error" | "skip" | undefined;
  /** Where prepared data are kept. Default `.cache/data` in the current folder. */
  readonly cacheDirectory?: string | undefined;
  /**
   * Bytes of memory that one split may take (4 a column of an input); a larger one is read in windows, and its shuffled
   * order is a permutation of blocks with inputs mixed within a window. Default 6 GiB, which the train split of Criteo
   * Kaggle just fits. It is a constant and does not follow the machine's memory, because it decides the shuffled order.
   */
  readonly memoryBudget?: number | undefined;
  /** Hash the raw files and check every block even if sizes and times say that nothing changed. Default false. */
  readonly verify?: boolean | undefined;
  /** Called about once for every MiB of raw text. */
  readonly onProgress?: ((progress: PreparationProgress) => void) | undefined;
  /** Stops a preparation, which then leaves nothing behind; `openDataset` rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** The schema of a log that is in no known format, as `readSchema` reads it; `format` must then be left out. */
  readonly schema?: LogSchema | undefined;
  /** Files with the test inputs, instead of a part of `data`. */
  readonly test?: readonly string[] | undefined;
  /** Files with the validation inputs, used with `test`. */
  readonly validation?: readonly string[] | undefined;
  /** Whether a log without labels is an error, or may be opened to be scored. Default `required`. */
  readonly labels?: "required" | "optional" | undefined;
  /**
   * What standardised columns are scaled by, by name, as `Dataset.scales` of the log that a model was trained on says. By
   * default the mean and the standard deviation of the inputs that train.
   */
  readonly scales?: ColumnScales | undefined;
  /** For the format `synthetic`. `limit` caps its inputs. */
  readonly synthetic?: SyntheticOptions | undefined;
}

const DEFAULT_SEED = 123;
/** Where prepared data are kept by default. */
export const DEFAULT_CACHE = ".cache/data";
const DEFAULT_BUDGET = 6 * 2 ** 30;

/**
 * Opens a data set. Raw files are prepared once into a columnar cache, which is used the next time if their sizes and
 * modification times are the same. If only a time differs, their contents are hashed and compared.
 *
 * Criteo (Kaggle and Terabyte): an empty field is 0, a negative integer is 0, integers become ln(x + 1), ids are
 * unsigned hexadecimal and are numbered in order of first appearance over all rows, test rows included, as DLRM does.
 *
 * Avazu: the hour of the day / 24 is the dense value, the impression's id is dropped, ids are numbered likewise. Of every
 * ten rows one, drawn at random, tests, another validates and eight train.
 *
 * Taobao: inputs are sequences of 21 steps (user, item, category; dense value s / 21 at step s) with TBSM's windows and
 * negatives; see `build_sequences.ts`.
 *
 * @throws UserError for options, files or rows that are wrong, and for a cache that cannot be written.
 * @category Data
 */
export async function openDataset(options: OpenOptions): Promise<Dataset> {
  options.signal?.throwIfAborted();
  checkOptions(options);
  if (options.format === "synthetic" || (options.data.length === 0 && options.synthetic)) {
    if (options.data.length > 0) {
      throw new UsageError(
        `Cannot open ${options.data[0]}: the format synthetic takes no files`,
      );
    }
    return openSynthetic(limited(options.synthetic ?? {}, options.limit));
  }
  if (options.data.length === 0) throw new UsageError("Cannot open data: no file is given");
  const twin = chooseTwin(options);
  if (twin !== null) {
    return await openTwin({
      ...twin,
      inputs: Math.min(twin.inputs, options.limit ?? Infinity),
      seed: options.seed ?? DEFAULT_SEED,
      maxIndexRange: options.maxIndexRange,
    });
  }
  const train = await findTextFiles(options.data);
  const test = await findTextFiles(options.test ?? []);
  const validation = await findTextFiles(options.validation ?? []);
  const files = [...train, ...test, ...validation];
  // Files that test do not make several of one that trains.
  const { format, schema, events, chosen } = await chooseFormat(train, options);
  const { labels = options.whole ? "optional" : "required" } = options;
  if (schema !== null && labels === "required" && !isLabelled(schema)) {
    throw new UserError(
      `Cannot train on ${files[0]!.path}: it has no labels, so it can only be scored`,
    );
  }
  const { signal, onProgress, verify } = options;
  const preparation: PreparationOptions = {
    format,
    limit: options.limit ?? null,
    maxIndexRange: options.maxIndexRange ?? 0,
    minCount: options.minCount ?? 0,
    badRows: options.badRows ?? "error",
    seed: options.seed ?? DEFAULT_SEED,
    leak: options.leak ?? false,
    ...(options.whole && format !== "taobao" ? { whole: true } : {}),
    ...(options.scales === undefined || !isStandardised(schema) ? {} : { scales: options.scales }),
    schema,
    // Tianchi's own layout is what there was before there were others.
    events: events === null || isOriginal(events) ? null : events,
    heldOut: test.length > 0 ? { test: test.length, validation: validation.length } : null,
  };
  const { folder, manifest } = await prepareCache(
    options.cacheDirectory ?? DEFAULT_CACHE,
    files,
    preparation,
    { signal, onProgress, verify },
  );
  const store = await BlockStore.open(folder, manifest);
  try {
    if (verify) await store.verify(signal);
    return new PreparedDataset(
      folder,
      manifest,
      store,
      options.memoryBudget ?? DEFAULT_BUDGET,
      chosen,
    );
  } catch (error) {
    store.close();
    throw error;
  }
}

function isStandardised(schema: LogSchema | null): boolean {
  return schema?.columns.some((column) =>
    column.kind === "dense" && column.transform === "standardise"
  ) ?? false;
}

function isOriginal(events: EventLayout): boolean {
  return JSON.stringify(events) === JSON.stringify(TAOBAO_LAYOUT);
}

function limited(synthetic: SyntheticOptions, limit: number | undefined): SyntheticOptions {
  if (limit === undefined) return synthetic;
  return { ...synthetic, inputs: Math.min(limit, synthetic.inputs ?? 100_000) };
}

function chooseTwin(
  { data, format, minCount, leak, schema, test, validation }: OpenOptions,
): TwinSource | null {
  const named = data.find((path) => path.startsWith("twin:"));
  if (named === undefined) return null;
  const refuse = (reason: string): never => {
    throw new UsageError(`Cannot open ${named}: ${reason}`);
  };
  if (data.length > 1) refuse(`a twin stands alone (./${named} is a file)`);
  if (schema !== undefined) refuse("a twin has columns of its own and no schema");
  if (test !== undefined || validation !== undefined) refuse("a twin has splits of its own");
  if (format !== undefined) refuse(`format is ${format}, but a twin has its own`);
  if ((minCount ?? 0) > 0) refuse("a twin has no minimum count, because its ids are never counted");
  if (leak) refuse("users of a twin that validate are never trained on");
  return parseTwinSource(named);
}

function checkOptions(options: OpenOptions): void {
  const { format, limit, maxIndexRange, minCount, seed, memoryBudget, badRows } = options;
  const { schema, test, validation } = options;
  const refuse = (reason: string) => {
    throw new UsageError(`Cannot open data: ${reason}`);
  };
  if (schema !== undefined && format !== undefined) {
    refuse(`a schema says what the columns are, and so does format ${format}; give one of them`);
  }
  if (validation !== undefined && test === undefined) {
    refuse("files that validate are given, and none that test");
  }
  if (test !== undefined && limit !== undefined) {
    refuse("a limit takes the first rows of all files, which would leave none that test");
  }
  if (format !== undefined && !DATA_FORMATS.includes(format)) {
    throw new UsageError(
      `Cannot open data: format is ${format}, not one of ${DATA_FORMATS.join(", ")}`,
    );
  }
  if (badRows !== undefined && badRows !== "error" && badRows !== "skip") {
    throw new UsageError(`Cannot open data: bad rows is ${badRows}, not error or skip`);
  }
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0)) {
    throw new UsageError(`Cannot open data: limit is ${limit}, not a positive integer`);
  }
  if (
    maxIndexRange !== undefined &&
    !(Number.isInteger(maxIndexRange) && maxIndexRange >= 0 && maxIndexRange <= 2 ** 32)
  ) {
    throw new UsageError(
      `Cannot open data: maximum index range is ${maxIndexRange}, not an integer from 0 to 2^32`,
    );
  }
  if (
    minCount !== undefined &&
    !(Number.isInteger(minCount) && minCount >= 0 && minCount < 2 ** 32)
  ) {
    throw new UsageError(
      `Cannot open data: minimum count is ${minCount}, not an integer from 0 to 4294967295`,
    );
  }
  if (seed !== undefined && !(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)) {
    throw new UsageError(
      `Cannot open data: seed is ${seed}, not an integer from 0 to 4294967295`,
    );
  }
  if (memoryBudget !== undefined && !(memoryBudget >= 0)) {
    throw new UsageError(`Cannot open data: memory budget is ${memoryBudget}, not 0 or more`);
  }
}
