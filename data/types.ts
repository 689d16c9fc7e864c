/**
 * The interface of a data set: a schema, splits, and readers that give inputs by their position in an order.
 *
 * @module
 */

import type { ColumnScales } from "./standardise.ts";
import type { SharedDataset } from "./shared_dataset.ts";
import type { TableKeys } from "./table_keys.ts";

/** A column of categorical ids: one embedding table. */
export interface TableSchema {
  /** The column's name: `C1`, … */
  readonly name: string;
  /** Number of different ids; ids are 0 … rows - 1. */
  readonly rows: number;
  /** Lookups that an input makes in the table, whose vectors are summed: a bag. Absent for one (one-hot). */
  readonly lookups?: number;
  /** Whether bags may have fewer lookups than that, or none. Unused places, at the end, hold `NO_LOOKUP`. */
  readonly variable?: boolean;
}

/** What a data set holds. */
export interface DatasetSchema {
  /** Name for messages and results: `criteo-kaggle`, `criteo-terabyte`, `synthetic`, … */
  readonly format: string;
  /** Names of the dense columns, in order. */
  readonly dense: readonly string[];
  /** The categorical columns, in order. */
  readonly tables: readonly TableSchema[];
  /**
   * Time steps of an input where inputs are sequences (TBSM): each step then has all dense columns and one id a table.
   * Absent for inputs without steps, which are laid out as sequences of one.
   */
  readonly steps?: number;
  /**
   * False if inputs have no labels (all are 0), so that they can be scored but not trained on. Absent if they have labels.
   */
  readonly labelled?: false;
}

/** Which part of a data set. */
export type Split = "train" | "test" | "validation";

/** The order a reader walks its split in. */
export type Order =
  | { readonly kind: "sequential" }
  /** The seed's permutation number `epoch`. */
  | { readonly kind: "shuffled"; readonly seed: number; readonly epoch: number };

/** The inputs of one minibatch, before their lookups are grouped. Arrays may be longer than used. */
export interface Inputs {
  /** Number of inputs. */
  size: number;
  /**
   * size × dense columns, row-major, already transformed (for Criteo: ln(x + 1)). Of sequences, step s of input b is
   * row `b * steps + s`.
   */
  readonly dense: Float32Array;
  /**
   * Id of input b in table t at `t * size + b` (table-major; one lookup a table). Of sequences, that of step s at
   * `t * size * steps + b * steps + s`. Of bags of more lookups see `IdLayout`.
   */
  readonly ids: Uint32Array;
  /** 0 or 1 for each input. */
  readonly labels: Float32Array;
}

/** Walks one split in one order. Positions are absolute, so a run resumes anywhere. */
export interface Reader {
  /** Inputs in the split. */
  readonly count: number;
  /**
   * Fills `into` with the inputs at positions [start, start + count) of the order and sets its size. Returns a promise
   * only if it has to wait for the disk. Throws a `RangeError` beyond the end.
   */
  read(start: number, count: number, into: Inputs): void | Promise<void>;
  /**
   * Fills `into` with the inputs at some positions of the order, in any sequence and with repeats, and sets its size to
   * their number: input b is the one at `positions[b]`. Returns a promise only if it has to wait for the disk; `positions`
   * must not be changed before it resolves. Throws a `RangeError` for a position from `count` on.
   */
  readAt(positions: Uint32Array, into: Inputs): void | Promise<void>;
  /**
   * The place in the sequential order of the input at a position of this one. Absent where that is not known without
   * reading.
   */
  readonly rowAt?: (position: number) => number;
}

/** A prepared log or a generator. */
export interface Dataset extends Disposable {
  /** Its columns. */
  readonly schema: DatasetSchema;
  /** SHA-256 over everything that decides the inputs (sources, options, format version), in hex. */
  readonly hash: string;
  /** Notes, one line each: where the data came from, what was corrected, what was skipped. */
  readonly notes: readonly string[];
  /** AUC and log-loss of the true probabilities where the data set is generated and they are known. */
  readonly bayes: { readonly auc: number; readonly logloss: number } | null;
  /** Reads which ids the rows of the tables stand for. Absent where rows are the ids, as in generated data sets. */
  readonly keys?: () => Promise<readonly TableKeys[]>;
  /** What standardised dense columns were scaled by, by name. Absent where there are none. */
  readonly scales?: ColumnScales;
  /**
   * What another thread needs to read the same inputs of some splits, so that they can be prepared beside training; null
   * where they lie in memory that cannot be shared. Absent where the data set does not know how.
   */
  readonly share?: (splits: readonly Split[]) => Promise<SharedDataset | null>;
  /** Inputs in a split. */
  count(split: Split): number;
  /** Walks a split in an order. */
  reader(split: Split, order: Order): Reader;
  /** Closes files. */
  close(): void;
}
