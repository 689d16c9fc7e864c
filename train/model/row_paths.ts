/**
 * Where embedding rows lie and how a minibatch's vectors get from there to the tower and back: tables on the tower's own
 * device, or tables in host memory, whose vectors are copied over the link.
 *
 * @module
 */

import { embeddingBackwardOp, embeddingForwardOp } from "../../kernels/embedding/op.ts";
import type {
  Device,
  DeviceBuffer,
  EmbeddingTables,
  GroupedLookups,
  LookupBuffers,
  Matrix,
  Optimizer,
  Program,
  Recorder,
  Scalar,
  TablesSpec,
} from "../../kernels/types.ts";
import { firstRows } from "./matrices.ts";
import type { RowPath } from "./tower.ts";

/** What rows are updated by. */
export interface RowUpdate {
  readonly optimizer: Optimizer;
  /** Learning rate, on the tables' device. */
  readonly learningRate: Scalar;
}

/** What the largest minibatch looks up. */
export interface MostLookups {
  /** Bags a table. */
  readonly bags: number;
  /** Lookups in all tables. */
  readonly lookups: number;
}

/** Tables on the device of the tower: gather and update are ops of its program. */
export class DeviceRows implements RowPath {
  readonly tables: EmbeddingTables;
  readonly #device: Device;
  readonly #lookups: LookupBuffers;
  readonly #update: RowUpdate;

  /** Allocates tables and lookup buffers. */
  constructor(
    device: Device,
    spec: TablesSpec,
    most: MostLookups,
    update: RowUpdate,
    label: string,
  ) {
    const T = spec.rows.length;
    this.#device = device;
    this.#update = update;
    this.tables = device.createTables(spec, label);
    try {
      this.#lookups = device.createLookups(
        { tables: T, maxBags: most.bags, maxLookups: most.lookups },
        `${label}: lookups`,
      );
    } catch (error) {
      this.tables.dispose();
      throw error;
    }
  }

  /** Copies a minibatch's lookups to the device. */
  upload(lookups: GroupedLookups): void {
    this.#device.writeLookups(this.#lookups, lookups);
  }

  forward(ops: Recorder, vectors: Matrix): void {
    ops.add(embeddingForwardOp, {
      tables: this.tables,
      lookups: this.#lookups,
      out: vectors,
      firstSlot: 1,
    });
  }

  backward(ops: Recorder, gradients: Matrix): void {
    ops.add(embeddingBackwardOp, {
      tables: this.tables,
      lookups: this.#lookups,
      grad: gradients,
      firstSlot: 1,
      ...this.#update,
    });
  }

  dispose(): void {
    this.#lookups.dispose();
    this.tables.dispose();
  }
}

/** Bytes that crossed the link, and how long that took in milliseconds. */
export interface Transfer {
  /** Bytes copied. */
  readonly bytes: number;
  /** Milliseconds. */
  readonly ms: number;
}

/**
 * Tables in host memory, under a device of the host (the CPU device). Before the tower's program the rows are gathered
 * here and their vectors copied to the tower's device; after it the gradients are copied back and the rows updated here.
 * Whole rows of (T + 1) · dim floats travel, vector 0 among them, although only the T vectors behind it are wanted: what
 * is contiguous needs no packing.
 *
 * Where both devices are the same one, the link is a copy in its memory.
 */
export class HostRows implements RowPath {
  readonly tables: EmbeddingTables;
  readonly host: Device;
  readonly #device: Device;
  readonly #lookups: LookupBuffers;
  readonly #vectors: Matrix;
  readonly #gradients: Matrix;
  readonly #scalars: DeviceBuffer;
  readonly #optimizer: Optimizer;
  readonly #programs = new Map<string, Program>();
  readonly #owned: { dispose(): void }[] = [];

  /** Allocates tables, lookup buffers and the host's ends of the link; gradients for so many bags a table as are trained. */
  constructor(
    device: Device,
    host: Device,
    spec: TablesSpec,
    most: MostLookups,
    trainedBags: number,
    optimizer: Optimizer,
  ) {
    const T = spec.rows.length;
    this.#device = device;
    this.host = host;
    this.#optimizer = optimizer;
    const own = <It extends { dispose(): void }>(it: It): It => {
      this.#owned.push(it);
      return it;
    };
    const matrix = (bags: number, label: string): Matrix => {
      const m = host.createMatrix(bags, (T + 1) * spec.dim, label);
      own(m.buffer);
      return m;
    };
    try {
      this.tables = own(host.createTables(spec, "embedding tables"));
      this.#lookups = own(host.createLookups(
        { tables: T, maxBags: most.bags, maxLookups: most.lookups },
        "host lookups",
      ));
      this.#vectors = matrix(most.bags, "gathered vectors");
      this.#gradients = matrix(Math.max(1, trainedBags), "vector gradients of the device");
      this.#scalars = own(host.createBuffer(16, "host step scalars"));
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Copies a minibatch's lookups to the host's device. */
  upload(lookups: GroupedLookups): void {
    this.host.writeLookups(this.#lookups, lookups);
  }

  /** Sets the learning rate of the next update. */
  setLearningRate(learningRate: number): void {
    this.host.write(this.#scalars, 0, new Float32Array([learningRate]));
  }

  /** Gathers a minibatch's rows and copies the vectors to the tower's device. */
  async bring(rows: number, to: Matrix): Promise<Transfer> {
    this.host.run(this.program("gather", rows));
    return await this.#transfer(this.host, this.#vectors, this.#device, to, rows);
  }

  /** Copies the vectors' gradients from the tower's device and updates the rows. */
  async takeBack(rows: number, from: Matrix): Promise<Transfer> {
    const transfer = await this.#transfer(this.#device, from, this.host, this.#gradients, rows);
    this.host.run(this.program("update", rows));
    return transfer;
  }

  /** Does nothing: the vectors were copied before the program runs. */
  forward(): void {}

  /** Does nothing: the gradients are copied back after the program has run. */
  backward(): void {}

  dispose(): void {
    for (const program of this.#programs.values()) program.dispose();
    this.#programs.clear();
    for (const owned of this.#owned.splice(0)) owned.dispose();
  }

  async #transfer(
    source: Device,
    from: Matrix,
    target: Device,
    to: Matrix,
    rows: number,
  ): Promise<Transfer> {
    const begun = performance.now();
    const bytes = 4 * rows * from.stride;
    if (source === target) {
      source.copy(from.buffer, 4 * from.offset, to.buffer, 4 * to.offset, bytes);
    } else {
      const floats = new Float32Array(await source.read(from.buffer, 4 * from.offset, bytes));
      target.write(to.buffer, 4 * to.offset, floats);
    }
    return { bytes, ms: performance.now() - begun };
  }

  /** What runs on the host for minibatches of so many bags a table. */
  program(kind: "gather" | "update", rows: number): Program {
    const key = `${kind} ${rows}`;
    let program = this.#programs.get(key);
    if (program === undefined) {
      const { tables } = this;
      const lookups = this.#lookups;
      program = this.host.record(`host rows ${key}`, (ops) => {
        if (kind === "gather") {
          ops.stage("gather");
          const out = firstRows(this.#vectors, rows);
          ops.add(embeddingForwardOp, { tables, lookups, out, firstSlot: 1 });
        } else {
          ops.stage("update-rows");
          ops.add(embeddingBackwardOp, {
            tables,
            lookups,
            grad: firstRows(this.#gradients, rows),
            firstSlot: 1,
            optimizer: this.#optimizer,
            learningRate: { buffer: this.#scalars, index: 0 },
          });
        }
      });
      this.#programs.set(key, program);
    }
    return program;
  }
}
