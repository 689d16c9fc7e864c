/**
 * A twin as a data set.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { Sha256 } from "../../core/files.ts";
import { Permutation } from "../../core/random.ts";
import { checkRead } from "../inputs.ts";
import { type Splits, splitSevenths } from "../split.ts";
import type { Dataset, DatasetSchema, Inputs, Order, Reader, Split } from "../types.ts";
import { TwinGenerator } from "./generator.ts";
import { checkHistoryParameters, type HistoryParameters } from "./histories.ts";
import {
  checkParameters,
  parseJson,
  parseTwin,
  TWIN_VERSION,
  type TwinParameters,
} from "./parameters.ts";

/** Twins that come with the project. */
export const TWIN_NAMES = ["rm2", "rm3", "rm4"] as const;

/** What to draw. */
export interface TwinOptions {
  /** One of {@link TWIN_NAMES}, the path of a parameter file ending in `.json`, or parameters. */
  readonly twin: string | TwinParameters;
  /** Inputs in all splits together, at least 7. Default: as many as the full data set has. */
  readonly inputs?: number | undefined;
  /** An integer in [0, 2^32). It changes the draws, not the laws or the planted click model. Default 1. */
  readonly seed?: number | undefined;
}

/**
 * Opens a twin. Splits are sevenths, as for Criteo Kaggle. A table's rows are the ids that are possible, 0 the most
 * popular: a few more than the distinct ids of the full data set, because not every possible id appears.
 *
 * @throws UserError for an unknown twin, a file that is no parameter file, or options out of range.
 */
export async function openTwin(options: TwinOptions): Promise<Dataset> {
  const { twin, inputs, seed = 1 } = options;
  const parameters = typeof twin === "string" ? await loadTwin(twin) : twin;
  if (inputs !== undefined && !(Number.isInteger(inputs) && inputs >= 7 && inputs <= 2 ** 40)) {
    throw new UserError(
      `Cannot draw a twin: the number of inputs is ${inputs}, not an integer from 7 to 2^40`,
      2,
    );
  }
  if (!(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)) {
    throw new UserError(
      `Cannot draw a twin: the seed is ${seed}, not an integer from 0 to 4294967295`,
      2,
    );
  }
  return new TwinDataset(parameters, inputs ?? parameters.inputs, seed);
}

/**
 * Parameters by name or from a file.
 *
 * @throws UserError for an unknown name, and for a file that cannot be read or is no parameter file.
 */
export async function loadTwin(name: string): Promise<TwinParameters> {
  if (name.endsWith(".json")) {
    return parseTwin(await readText(name), name);
  }
  if (!(TWIN_NAMES as readonly string[]).includes(name)) {
    throw new UserError(
      `Cannot open twin ${name}: it is neither one of ${TWIN_NAMES.join(", ")} nor a .json file`,
      2,
    );
  }
  const module: { default: unknown } = await import(`./${name}.json`, { with: { type: "json" } });
  return checkParameters(module.default, name);
}

/**
 * Parameters of user histories: `rm1`, or a file ending in `.json`. Histories are sequences and no data set of one lookup a
 * table; the sequence pipeline takes them from a `HistoryGenerator`.
 *
 * @throws UserError for an unknown name, and for a file that cannot be read or is no parameter file of histories.
 */
export async function loadHistoryTwin(name: string): Promise<HistoryParameters> {
  if (name.endsWith(".json")) {
    return checkHistoryParameters(parseJson(await readText(name), name), name);
  }
  if (name !== "rm1") {
    throw new UserError(`Cannot open twin ${name}: it is neither rm1 nor a .json file`, 2);
  }
  const module: { default: unknown } = await import(`./${name}.json`, { with: { type: "json" } });
  return checkHistoryParameters(module.default, name);
}

async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new UserError(`Cannot read twin ${path}: there is no such file`);
    }
    throw new UserError(`Cannot read twin ${path}: ${(error as Error).message}`);
  }
}

class TwinDataset implements Dataset {
  readonly schema: DatasetSchema;
  readonly hash: string;
  readonly notes: readonly string[];
  readonly bayes: { readonly auc: number; readonly logloss: number };
  readonly #splits: Splits;
  readonly #generator: TwinGenerator;

  constructor(parameters: TwinParameters, inputs: number, seed: number) {
    this.#splits = splitSevenths(inputs);
    this.#generator = new TwinGenerator(parameters, seed);
    const rows = this.#generator.tableRows;
    this.schema = {
      format: `twin-${parameters.name}`,
      dense: parameters.dense.map(({ name }) => name),
      tables: parameters.columns.map(({ name }, t) => ({ name, rows: rows[t]! })),
    };
    this.hash = new Sha256().update(
      JSON.stringify(["twin", TWIN_VERSION, parameters, inputs, seed]),
    ).hex();
    const { bayes, learnableAuc } = parameters.clicks;
    this.bayes = bayes;
    this.notes = [
      `Twin ${parameters.name}: ${inputs} of ${parameters.inputs} inputs, seed ${seed}, ` +
      `${rows.reduce((a, b) => a + b, 0)} possible ids`,
      `Popularity is stationary; labels are planted: best possible AUC ${bayes.auc.toFixed(4)}, ` +
      `log-loss ${bayes.logloss.toFixed(4)}; AUC ${learnableAuc.toFixed(4)} from rows that two ` +
      `million inputs show often enough`,
      `Split in sevenths: ${this.count("train")} train, ${this.count("test")} test, ` +
      `${this.count("validation")} validation`,
    ];
  }

  count(split: Split): number {
    return this.#splits[split].count;
  }

  reader(split: Split, order: Order): Reader {
    const { start, count } = this.#splits[split];
    const permutation = order.kind === "shuffled"
      ? new Permutation(count, order.seed, order.epoch)
      : null;
    const generator = this.#generator;
    const dense = this.schema.dense.length, tables = this.schema.tables.length;
    const reader: Reader = {
      count,
      read(from: number, size: number, into: Inputs): void {
        checkRead(reader, from, size, into, dense, tables);
        into.size = size;
        for (let b = 0; b < size; b++) {
          generator.write(start + (permutation?.at(from + b) ?? from + b), into, b, size);
        }
      },
    };
    return reader;
  }

  close(): void {
    // Nothing is open.
  }
}
