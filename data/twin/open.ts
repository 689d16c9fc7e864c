/**
 * Twins by name or from a file, as parameters and as data sets.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import { readJsonFile } from "../../core/json_file.ts";
import type { Dataset } from "../types.ts";
import { TwinDataset } from "./dataset.ts";
import { checkHistoryParameters, type HistoryParameters } from "./histories.ts";
import { checkParameters, type TwinParameters } from "./parameters.ts";
import { SequenceTwin } from "./sequence_dataset.ts";
import { WORKLOAD_NAMES } from "./workloads.ts";

/** Twins that come with the project: `rm1` draws sequences, `meta2021` bags, the others one lookup a table. */
export const TWIN_NAMES = [...WORKLOAD_NAMES, "meta2021"] as const;

/** A parameter file has some hundred kilobytes. */
export const MOST_TWIN_BYTES = 64e6;

/** What to draw. */
export interface TwinOptions {
  /** One of {@link TWIN_NAMES}, the path of a parameter file ending in `.json`, or parameters. */
  readonly twin: string | TwinParameters | HistoryParameters;
  /** Inputs in all splits together, at least 7. Default: as many as the full data set has. */
  readonly inputs?: number | undefined;
  /** An integer in [0, 2^32). It changes the draws, not the laws or the planted click model. Default 1. */
  readonly seed?: number | undefined;
  /** Ids are taken modulo this after labels are drawn. Default 0: as they are. */
  readonly maxIndexRange?: number | undefined;
  /**
   * How fast planted effects shrink with popularity: the standard deviation of a row's effects is proportional to
   * (1 + p / 1e-4)^-exponent. 0, 0.25 or 0.5; default 0.25. Clicks are as frequent and as predictable with each. Not for user
   * histories.
   */
  readonly effectExponent?: number | undefined;
  /**
   * Days that the inputs span, during which ids come and go as the parameters say; more than 0, at most 1000. The full log of
   * `rm4` spans ten. Default: popularity is stationary. Only for parameters that say how, as those of `rm4` do.
   */
  readonly driftDays?: number | undefined;
}

/**
 * Opens a twin. A table has a row for every possible id, 0 the most popular. Not every possible id appears, so there are
 * more rows than distinct ids in the full data set: 48.0 million for 33.8 million in `rm2`, 14.0 million for 9.4 million in
 * `rm4`.
 *
 * Inputs with one lookup a table are split in sevenths, as for Criteo Kaggle. User histories become sequences of 21 steps
 * as for Taobao's log; see `sequence_dataset.ts`.
 *
 * @throws UserError for an unknown twin, a file that is no parameter file, or options out of range.
 * @category Data: twins
 */
export async function openTwin(options: TwinOptions): Promise<Dataset> {
  const { twin, inputs, seed = 1, maxIndexRange = 0 } = options;
  const parameters = typeof twin === "string" ? await loadAnyTwin(twin) : twin;
  if (inputs !== undefined && !(Number.isInteger(inputs) && inputs >= 7 && inputs <= 2 ** 40)) {
    throw new UsageError(
      `Cannot draw a twin: the number of inputs is ${inputs}, not an integer from 7 to 2^40`,
    );
  }
  for (const [name, value] of [["seed", seed], ["maximum index range", maxIndexRange]] as const) {
    if (!(Number.isInteger(value) && value >= 0 && value < 2 ** 32)) {
      throw new UsageError(
        `Cannot draw a twin: the ${name} is ${value}, not an integer from 0 to 4294967295`,
      );
    }
  }
  if (isHistories(parameters)) {
    for (const option of ["effectExponent", "driftDays"] as const) {
      if (options[option] === undefined) continue;
      throw new UsageError(
        `Cannot draw twin ${parameters.name}: ${option} is given, and histories of users have none`,
      );
    }
    return new SequenceTwin(parameters, inputs, seed, maxIndexRange);
  }
  return new TwinDataset(withExponent(parameters, options.effectExponent), {
    inputs: inputs ?? parameters.inputs,
    seed,
    range: maxIndexRange,
    driftDays: checkDrift(parameters, options.driftDays),
  });
}

/** The parameters with the clicks of an exponent as those that are drawn. */
function withExponent(parameters: TwinParameters, exponent: number | undefined): TwinParameters {
  const { name, clicks, otherClicks = [] } = parameters;
  if (exponent === undefined || exponent === clicks.effectExponent) return parameters;
  const known = [clicks, ...otherClicks];
  const found = known.find(({ effectExponent }) => effectExponent === exponent);
  if (found === undefined) {
    const others = known.map(({ effectExponent }) => effectExponent).sort().join(", ");
    throw new UsageError(
      `Cannot draw twin ${name}: the exponent of its effects is ${exponent}, not one of ${others}`,
    );
  }
  return { ...parameters, clicks: found };
}

const MOST_DAYS = 1000;

function checkDrift({ name, columns }: TwinParameters, days: number | undefined): number {
  if (days === undefined) return 0;
  if (!(days > 0 && days <= MOST_DAYS)) {
    throw new UsageError(
      `Cannot draw twin ${name}: its inputs span ${days} days, not more than 0 and at most ${MOST_DAYS}`,
    );
  }
  if (columns.every(({ drift }) => drift === undefined)) {
    throw new UsageError(
      `Cannot draw twin ${name}: drift is asked for, and its parameters do not say how ids come and go`,
    );
  }
  return days;
}

/**
 * Parameters of inputs with one lookup a table, by name or from a file.
 *
 * @throws UserError for an unknown name, and for a file that cannot be read or is no such parameter file.
 * @category Data: twins
 */
export async function loadTwin(name: string): Promise<TwinParameters> {
  return checkParameters(await loadJson(name), name);
}

/**
 * Parameters of user histories: `rm1`, or a file ending in `.json`.
 *
 * @throws UserError for an unknown name, and for a file that cannot be read or is no parameter file of histories.
 * @category Data: twins
 */
export async function loadHistoryTwin(name: string): Promise<HistoryParameters> {
  return checkHistoryParameters(await loadJson(name), name);
}

/**
 * Parameters of either kind.
 *
 * @throws UserError for an unknown name, and for a file that cannot be read or is no parameter file.
 */
export async function loadAnyTwin(name: string): Promise<TwinParameters | HistoryParameters> {
  const value = await loadJson(name);
  return isHistories(value) ? checkHistoryParameters(value, name) : checkParameters(value, name);
}

/** Whether a value is laid out as parameters of user histories, which alone have lengths. */
export function isHistories(value: unknown): value is HistoryParameters {
  return typeof value === "object" && value !== null && "lengths" in value;
}

async function loadJson(name: string): Promise<unknown> {
  if (name.endsWith(".json")) {
    const cannot = `Cannot read twin ${name}`;
    return await readJsonFile(name, { cannot, mostBytes: MOST_TWIN_BYTES, seal: "optional" });
  }
  if (!(TWIN_NAMES as readonly string[]).includes(name)) {
    throw new UsageError(
      `Cannot open twin ${name}: it is neither one of ${TWIN_NAMES.join(", ")} nor a .json file`,
    );
  }
  const module: { default: unknown } = await import(`./${name}.json`, { with: { type: "json" } });
  return module.default;
}
