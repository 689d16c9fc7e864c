/**
 * A twin of single inputs, with one lookup a table or bags of them, as a data set.
 *
 * @module
 */

import { Sha256 } from "../../core/files.ts";
import { idLayout } from "../id_layout.ts";
import { RowReader } from "../row_reader.ts";
import type { SharedDataset } from "../shared_dataset.ts";
import { type Splits, splitSevenths } from "../split.ts";
import type { Dataset, DatasetSchema, Inputs, Order, Reader, Split } from "../types.ts";
import { Drift } from "./drift.ts";
import { TwinGenerator } from "./generator.ts";
import type { TwinOptions } from "./open.ts";
import { TWIN_VERSION, type TwinParameters } from "./parameters.ts";

/** Which inputs of a twin. */
interface TwinDraw {
  /** How many, in all splits together. */
  readonly inputs: number;
  readonly seed: number;
  /** Ids are taken modulo this; 0 leaves them as they are. */
  readonly range: number;
  /** Days over which popularity drifts; 0 for none. */
  readonly driftDays: number;
}

/** Inputs of a twin, split in sevenths. */
export class TwinDataset implements Dataset {
  readonly schema: DatasetSchema;
  readonly hash: string;
  readonly notes: readonly string[];
  readonly bayes: { readonly auc: number; readonly logloss: number };
  readonly #splits: Splits;
  readonly #generator: TwinGenerator;
  readonly #range: number;
  readonly #options: TwinOptions;

  /** Draws nothing yet. */
  constructor(parameters: TwinParameters, { inputs, seed, range, driftDays }: TwinDraw) {
    this.#options = {
      ...{ twin: parameters, inputs, seed, maxIndexRange: range },
      ...(driftDays > 0 ? { driftDays } : {}),
    };
    this.#splits = splitSevenths(inputs);
    const drift = driftDays > 0 ? new Drift(parameters.columns, inputs, driftDays) : null;
    this.#generator = new TwinGenerator(parameters, seed, drift);
    this.#range = range;
    const rows = this.#generator.tableRows.map((r) => range > 0 ? Math.min(r, range) : r);
    this.schema = {
      format: `twin-${parameters.name}`,
      dense: parameters.dense.map(({ name }) => name),
      tables: parameters.columns.map(({ name, lookups = 1 }, t) => ({
        name,
        rows: rows[t]!,
        ...(lookups === 1 ? {} : { lookups }),
      })),
    };
    this.hash = new Sha256().update(
      JSON.stringify(["twin", TWIN_VERSION, parameters, inputs, seed, range, driftDays]),
    ).hex();
    const { bayes, learnableAuc } = parameters.clicks;
    this.bayes = bayes;
    this.notes = [
      `Twin ${parameters.name}: ${inputs} of ${parameters.inputs} inputs, seed ${seed}, ` +
      `${rows.reduce((a, b) => a + b, 0)} possible ids`,
      `${
        driftDays > 0 ? `Popularity drifts over ${driftDays} days` : "Popularity is stationary"
      }; labels are planted: best possible AUC ${bayes.auc.toFixed(4)}, ` +
      `log-loss ${bayes.logloss.toFixed(4)}; AUC ${learnableAuc.toFixed(4)} from rows that two ` +
      `million inputs show often enough`,
      `Split in sevenths: ${this.count("train")} train, ${this.count("test")} test, ` +
      `${this.count("validation")} validation`,
      ...rangeNotes(range),
    ];
  }

  share(): Promise<SharedDataset> {
    return Promise.resolve({ kind: "twin", options: this.#options });
  }

  count(split: Split): number {
    return this.#splits[split].count;
  }

  reader(split: Split, order: Order): Reader {
    const { start, count } = this.#splits[split];
    const generator = this.#generator, range = this.#range;
    const { width } = idLayout(this.schema);
    return new RowReader(this.schema, order, {
      count,
      writeAll: (rows, into, size) => generator.writeAll(rows, start, into, size),
      finish(into: Inputs): void {
        if (range > 0) takeModulo(into.ids, into.size * width, range);
      },
    });
  }

  close(): void {
    // Nothing is open.
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Takes the first `count` ids modulo a range. */
export function takeModulo(ids: Uint32Array, count: number, range: number): void {
  for (let i = 0; i < count; i++) ids[i]! %= range;
}

/** What to say of ids taken modulo a range, if they are. */
export function rangeNotes(range: number): string[] {
  return range > 0
    ? [
      `Ids are taken modulo ${range} after labels are drawn, so less than the stated best is possible`,
    ]
    : [];
}
