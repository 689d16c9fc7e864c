/**
 * Arguments to try ops with: how the examples of the op folders ask for them, and what makes them on a device.
 *
 * @module
 */

import { RandomStream } from "../core/random.ts";
import { LookupGrouper } from "./embedding/group.ts";
import { LedgerDevice } from "./ledger.ts";
import { argumentsOf, type Example, type LookupCounts, type Op } from "./op.ts";
import type {
  Device,
  EmbeddingTables,
  GroupedLookups,
  LookupBuffers,
  Matrix,
  RowList,
  Scalar,
  TablesSpec,
} from "./types.ts";

/** Sizes that examples are made at: those of a model, or any others. */
export interface ExampleSize {
  /** Inputs of a minibatch: what the cost of every op but those on scores grows with. */
  readonly inputs: number;
  /** Columns of matrices that are not made of vectors. */
  readonly cols: number;
  /** Output units of a layer. */
  readonly units: number;
  /** Vectors an input: one of the dense features, and one a table. 2 or more. */
  readonly features: number;
  /** Floats a vector. */
  readonly dim: number;
  /** Steps of history an input. */
  readonly steps: number;
  /** Rows of a table. */
  readonly tableRows: number;
  /** Inputs that are scored at a time. */
  readonly scored: number;
}

/** Sizes at which examples are made that are only asked what they are. */
const SMALLEST: ExampleSize = {
  inputs: 1,
  cols: 1,
  units: 1,
  features: 2,
  dim: 1,
  steps: 1,
  tableRows: 1,
  scored: 1,
};

/** What an example's variant of its op is called, such as `dense-update-sgd`. */
export function exampleName<Args>(
  op: Pick<Op<string, Args>, "cost">,
  example: Example<Args>,
): string {
  using examples = new DeviceExamples(new LedgerDevice("cpu"));
  return op.cost(example(examples, SMALLEST)).op;
}

/** Makes the operands of an example. */
export interface ExampleMaker {
  /** A matrix that is read: numbers between −0.5 and 0.5, or `positive` ones. */
  read(rows: number, cols: number, values?: "positive"): Matrix;
  /** A matrix that is written. */
  written(rows: number, cols: number): Matrix;
  /** A small float that is read when the program runs. */
  scalar(): Scalar;
  /** The integer 0, read when the program runs. */
  slot(): Scalar;
  /** A list of row numbers below a limit. */
  rowList(length: number, rows: number): RowList;
  /** Tables of embedding rows. */
  tables(spec: TablesSpec): EmbeddingTables;
  /** Buffers that hold a minibatch with one lookup a bag. */
  lookups(tables: EmbeddingTables, bags: number): LookupBuffers;
}

/** Makes operands on a device with memory of their own, filled with random numbers that are the same every time. */
export class DeviceExamples implements ExampleMaker, Disposable {
  readonly #device: Device;
  readonly #owned: { dispose(): void }[] = [];
  readonly #random = new RandomStream(1, "synthetic");
  readonly #grouped = new Map<LookupBuffers, GroupedLookups>();
  #drawn = 0;

  constructor(device: Device) {
    this.#device = device;
  }

  read(rows: number, cols: number, values?: "positive"): Matrix {
    const m = this.written(rows, cols);
    const low = values === "positive" ? 0.25 : -0.5;
    this.#device.write(
      m.buffer,
      0,
      Float32Array.from({ length: rows * m.stride }, () => this.#uniform() + low),
    );
    return m;
  }

  written(rows: number, cols: number): Matrix {
    const m = this.#device.createMatrix(rows, cols, `example ${rows} × ${cols}`);
    this.#owned.push(m.buffer);
    return m;
  }

  scalar(): Scalar {
    const { buffer, index } = this.slot();
    this.#device.write(buffer, 0, Float32Array.of(1e-6));
    return { buffer, index };
  }

  slot(): Scalar {
    return { buffer: this.#own(this.#device.createBuffer(16, "example scalar")), index: 0 };
  }

  rowList(length: number, rows: number): RowList {
    const buffer = this.#own(this.#device.createBuffer(4 * length, "example rows"));
    // Uniform in the logarithm of the rank, as popularity is; ranks are scattered over the rows.
    const list = Uint32Array.from(
      { length },
      () => Math.floor(rows ** this.#uniform()) * 2_654_435_761 % rows,
    );
    this.#device.write(buffer, 0, list);
    return { buffer, offset: 0, length };
  }

  tables(spec: TablesSpec): EmbeddingTables {
    return this.#own(this.#device.createTables(spec, "example tables"));
  }

  lookups(tables: EmbeddingTables, bags: number): LookupBuffers {
    const T = tables.rows.length;
    const lookups = this.#own(
      this.#device.createLookups(
        { tables: T, maxBags: bags, maxLookups: T * bags },
        "example lookups",
      ),
    );
    const ids = Uint32Array.from(
      { length: T * bags },
      (_, i) => Math.floor(this.#uniform() * tables.rows[Math.floor(i / bags)]!),
    );
    const grouped = new LookupGrouper(tables.rows).group({ bags, ids, offsets: null });
    this.#device.writeLookups(lookups, grouped);
    this.#grouped.set(lookups, grouped);
    return lookups;
  }

  /** What the lookups among an op's arguments hold, if they were made here; undefined where there are none. */
  counts<Args>(op: Pick<Op<string, Args>, "operands">, args: Args): LookupCounts | undefined {
    const lookups = argumentsOf(op, args).find(({ use }) => use === "lookups");
    const grouped = this.#grouped.get(lookups?.value as LookupBuffers);
    return grouped && { ...grouped, bags: grouped.bags * grouped.tables };
  }

  /** Gives back everything made. */
  [Symbol.dispose](): void {
    for (const it of this.#owned.splice(0).reverse()) it.dispose();
  }

  #own<It extends { dispose(): void }>(it: It): It {
    this.#owned.push(it);
    return it;
  }

  #uniform(): number {
    return this.#random.uniform(this.#drawn++);
  }
}
