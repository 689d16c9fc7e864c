/**
 * From the files of a log to the parameters of its twin and their goodness.
 *
 * @module
 */

import { checkpoint } from "../../core/events.ts";
import { UsageError, UserError } from "../../core/errors.ts";
import { formatCount } from "../../core/format.ts";
import { Permutation } from "../../core/random.ts";
import { idLayout } from "../id_layout.ts";
import { chooseFormat } from "../choose_format.ts";
import { openDataset, type OpenOptions } from "../open.ts";
import { findTextFiles } from "../prepare.ts";
import { checkDistinct, checkTwin } from "./check.ts";
import { checkHistories, checkHistoryDistinct } from "./check_histories.ts";
import { type FitOptions, fitTwin } from "./fit.ts";
import type { Goodness } from "./goodness.ts";
import { fitHistories, type HistoryParameters } from "./histories.ts";
import { sampleHistories } from "./history_sample.ts";
import type { TwinParameters } from "./parameters.ts";
import { isHistories, openTwin } from "./open.ts";
import { renumberIds, sampleInputs } from "./sample.ts";
import { RM1_SIZES, TWIN_WORKLOADS, type WorkloadName } from "./workloads.ts";

/** What to fit, and to what. */
export interface FitLogOptions
  extends Pick<OpenOptions, "data" | "format" | "schema" | "limit" | "badRows" | "cacheDirectory"> {
  /**
   * The workload whose published sizes and click rate to take, if the files are a sample of its data set. Default: the
   * sizes of the files themselves.
   */
  readonly workload?: WorkloadName | undefined;
  /** Name of the twin. Default the workload's, or `own`. */
  readonly name?: string | undefined;
  /** Inputs to fit to, or users of histories, drawn from all parts of the files. Default 10,000; 1000 users. */
  readonly sample?: number | undefined;
  /** AUC that the learnable part of the planted click model is to reach. Default the workload's, or 0.8. */
  readonly learnableAuc?: number | undefined;
  /** Seed of the sample, of the part held back, and of the initial classes: an integer in [0, 2^32). Default 1. */
  readonly seed?: number | undefined;
  /** Ends the reading of the files. */
  readonly signal?: AbortSignal | undefined;
  /** While raw files are prepared. */
  readonly onProgress?: OpenOptions["onProgress"];
}

/** A fitted twin. */
export interface LogFit {
  /** For `openTwin`, or written as JSON for `twin:FILE.json`. */
  readonly parameters: TwinParameters | HistoryParameters;
  /** On what was held back. */
  readonly goodness: Goodness;
}

const SAMPLE = { inputs: 10_000, users: 1000 };
const LEARNABLE_AUC = 0.8;
const MEMORY = 256 * 2 ** 20;

/**
 * Fits a twin to a log of inputs with one lookup a table (Criteo, Avazu, or a log with a schema) or of user histories
 * (Taobao).
 *
 * @throws UserError for options, files or rows that are wrong, and for a log whose twin could not be drawn.
 * @category Data: twins
 */
export async function fitLog(options: FitLogOptions): Promise<LogFit> {
  const { workload, seed = 1, schema } = options;
  const format = schema !== undefined ? undefined : options.format ??
    (workload === undefined ? await recognised(options.data) : FORMATS[workload]);
  if (workload !== undefined && (format === "taobao") !== (workload === "rm1")) {
    throw new UsageError(`Cannot fit twin ${workload}: the files are in the format ${format}`);
  }
  const fit = format === "taobao"
    ? await fitUsers(options, seed)
    : await fitInputs({ ...options, format }, seed);
  await checkDrawable(fit.parameters, options.data[0]!);
  return fit;
}

async function recognised(data: readonly string[]): Promise<OpenOptions["format"]> {
  const { format } = await chooseFormat(await findTextFiles(data));
  return format === "schema" ? undefined : format;
}

/** Inputs that are drawn of a twin to see whether it can be. */
const TRIAL = 1000;

/** A log may lack what a twin needs, for instance users of more than ten events. That only shows when inputs are drawn. */
async function checkDrawable(twin: LogFit["parameters"], path: string): Promise<void> {
  try {
    const inputs = isHistories(twin) ? TRIAL : Math.max(7, Math.min(TRIAL, twin.inputs));
    (await openTwin({ twin, inputs })).close();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(
      `Cannot fit a twin to ${path}: ${
        error.message.replace(
          /^Cannot draw a twin: /,
          "what was fitted could not be drawn, because ",
        )
      }`,
    );
  }
}

/** Splits do not matter here, so that one day of Terabyte is read as Kaggle's format is. */
const FORMATS = {
  rm1: "taobao",
  rm2: "criteo-kaggle",
  rm3: "criteo-kaggle",
  rm4: "avazu",
} as const;

async function fitInputs(options: FitLogOptions, seed: number): Promise<LogFit> {
  const { workload, signal } = options;
  const known = workload === undefined || workload === "rm1" ? null : TWIN_WORKLOADS[workload];
  const dataset = await openDataset({
    data: options.data,
    format: options.format,
    schema: options.schema,
    limit: options.limit,
    badRows: options.badRows,
    cacheDirectory: options.cacheDirectory,
    memoryBudget: MEMORY,
    onProgress: options.onProgress,
    signal,
  });
  try {
    const { schema } = dataset;
    if (schema.steps !== undefined) {
      throw new UserError(
        `Cannot fit a twin to ${
          options.data[0]
        }: its inputs are sequences by a schema, and of sequences a fit takes Taobao's log alone`,
      );
    }
    if (!idLayout(schema).single) {
      throw new UserError(
        `Cannot fit a twin to ${
          options.data[0]
        }: its tables have bags of several lookups, and a fit takes one a table`,
      );
    }
    if (known !== null && known.distinct.length !== schema.tables.length) {
      throw new UsageError(
        `Cannot fit twin ${workload}: the files have ${schema.tables.length} tables, not ${known.distinct.length}`,
      );
    }
    const whole = await sampleInputs(dataset, options.sample ?? SAMPLE.inputs, seed, signal);
    // A clock stands for the column that tells the time.
    const sample = known?.clock === undefined ? whole : {
      ...whole,
      dense: whole.dense.filter(({ name }) => name !== known.clock!.name),
    };
    const counted: FitOptions = {
      name: "own",
      inputs: dataset.count("train") + dataset.count("test") + dataset.count("validation"),
      distinct: schema.tables.map(({ rows }) => rows),
      clickRate: sample.clickRate,
      learnableAuc: LEARNABLE_AUC,
    };
    const base = known ?? counted;
    const fitOptions: FitOptions = {
      ...base,
      name: options.name ?? base.name,
      learnableAuc: options.learnableAuc ?? base.learnableAuc,
      seed,
    };
    await checkpoint(signal);
    const { parameters, seen, heldOut } = fitTwin(sample, fitOptions);
    // The twin's laws have seen the whole sample, so another one, fitted to half in every respect, is judged.
    await checkpoint(signal);
    const judged = fitTwin(renumberIds(seen), { ...fitOptions, holdBack: false }).parameters;
    return {
      parameters,
      goodness: {
        name: parameters.name,
        heldBack: `${formatCount(heldOut.inputs)} inputs`,
        fittedTo:
          "The shares are those of a twin fitted to the other inputs alone, laws and dependence; the shipped laws " +
          "are fitted to all inputs.",
        shares: checkTwin(judged, heldOut),
        scales: [
          `${formatCount(sample.inputs)} inputs`,
          `${formatCount(parameters.inputs)} inputs`,
        ],
        distinct: checkDistinct(parameters, sample),
      },
    };
  } finally {
    dataset.close();
  }
}

/** The goodness is that of a twin fitted to half of the users, on the other half; the parameters are fitted to all. */
async function fitUsers(options: FitLogOptions, seed: number): Promise<LogFit> {
  const sample = await sampleHistories({
    data: options.data,
    limit: options.limit,
    badRows: options.badRows,
    users: options.sample ?? SAMPLE.users,
    seed,
    signal: options.signal,
    onProgress: options.onProgress,
  });
  const { histories } = sample;
  if (histories.length < 2) {
    throw new UserError(`Cannot fit a twin to ${options.data[0]}: it has fewer than two users`);
  }
  const sizes = {
    ...(options.workload === "rm1" ? RM1_SIZES : sample),
    name: options.name ?? (options.workload === "rm1" ? RM1_SIZES.name : "own"),
  };
  const order = new Permutation(histories.length, seed);
  const half = histories.length >> 1;
  const shuffled = histories.map((_, i) => histories[order.at(i)]!);
  const held = shuffled.slice(half);
  await checkpoint(options.signal);
  const judged = fitHistories(shuffled.slice(0, half), sizes);
  const parameters = fitHistories(histories, sizes);
  return {
    parameters,
    goodness: {
      name: parameters.name,
      heldBack: `${formatCount(held.length)} users`,
      fittedTo:
        "The twin compared here was fitted to the other users alone; the parameters written are fitted to all.",
      shares: checkHistories(judged, held),
      scales: [`${formatCount(histories.length)} users`, `${formatCount(sizes.users)} users`],
      distinct: checkHistoryDistinct(parameters, histories),
    },
  };
}
