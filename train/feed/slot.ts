/**
 * A minibatch in memory that threads share: inputs as read, and their lookups grouped.
 *
 * @module
 */

import { idLayout } from "../../data/id_layout.ts";
import type { DatasetSchema, Inputs } from "../../data/types.ts";
import type { GroupRoom } from "../../kernels/embedding/group.ts";
import type { HostBatch } from "../model/model.ts";

/** What a slot has room for. */
export interface SlotShape {
  /** Columns of the data set. */
  readonly schema: DatasetSchema;
  /** Inputs. */
  readonly capacity: number;
  /** Whether their lookups are grouped; of inputs that are only looked at they are not. */
  readonly grouped: boolean;
}

/** Words of the header. */
const HEADER = 8;

/**
 * Header word that says which request the slot answers: its number once it has been done, minus that if it failed. Waiting
 * and waking go by this word.
 */
export const ANSWERED = 0;
/** Header words: inputs, lookups, different rows, and whether bags have offsets. */
const SIZE = 1, LOOKUPS = 2, UNIQUE = 3, HAS_OFFSETS = 4;

/** Views of one slot's memory. */
export class Slot {
  /** The memory, to be sent to another thread. */
  readonly memory: SharedArrayBuffer;
  /** See {@link ANSWERED}. */
  readonly header: Int32Array;
  /** Positions in the reader's order, where inputs do not follow each other. */
  readonly positions: Uint32Array;
  /** The inputs; their size is the last request's in the thread that served it. */
  readonly inputs: Inputs;
  /** Numbers of the inputs' rows for a classifier; of slots that are not grouped. */
  readonly numbers: Uint32Array;
  /** Where lookups are grouped. */
  readonly room: GroupRoom;
  readonly #offsets: Uint32Array;
  readonly #tables: number;
  readonly #steps: number;

  /** @param memory That of the same slot in another thread; by default new memory. */
  constructor(shape: SlotShape, memory?: SharedArrayBuffer) {
    const { schema, capacity, grouped } = shape;
    const { width, single } = idLayout(schema);
    const steps = schema.steps ?? 1, places = width * capacity;
    const group = grouped ? places : 0;
    const lengths = {
      header: HEADER,
      positions: capacity,
      dense: capacity * steps * schema.dense.length,
      ids: places,
      labels: capacity,
      numbers: grouped ? 0 : places,
      rows: group,
      uniqueRows: group,
      segments: group + 1,
      grouped: group,
      offsets: grouped && !single ? schema.tables.length * steps * capacity + 1 : 0,
    };
    // Copies between shared memory and other memory are many times slower unless both begin at whole 8 bytes.
    const words = Object.values(lengths).reduce((sum, length) => sum + even(length), 0);
    const all = this.memory = memory ?? new SharedArrayBuffer(4 * words);
    let at = 0;
    const take = (length: number): Uint32Array => {
      const part = new Uint32Array(all, 4 * at, length);
      at += even(length);
      return part;
    };
    this.header = new Int32Array(all, 0, take(lengths.header).length);
    this.positions = take(lengths.positions);
    const floats = ({ byteOffset, length }: Uint32Array): Float32Array =>
      new Float32Array(all, byteOffset, length);
    this.inputs = {
      size: 0,
      dense: floats(take(lengths.dense)),
      ids: take(lengths.ids),
      labels: floats(take(lengths.labels)),
    };
    this.numbers = take(lengths.numbers);
    this.room = {
      rows: take(lengths.rows),
      uniqueRows: take(lengths.uniqueRows),
      segments: take(lengths.segments),
      positions: take(lengths.grouped),
    };
    this.#offsets = take(lengths.offsets);
    this.#tables = schema.tables.length;
    this.#steps = steps;
  }

  /** Notes what has been read and grouped. */
  fill(size: number, lookups: HostBatch["lookups"]): void {
    const header = this.header;
    header[SIZE] = size;
    header[LOOKUPS] = lookups.lookups;
    header[UNIQUE] = lookups.unique;
    header[HAS_OFFSETS] = lookups.offsets === null ? 0 : 1;
    const bags = this.#tables * lookups.bags;
    if (lookups.offsets !== null) this.#offsets.set(lookups.offsets.subarray(0, bags + 1));
  }

  /** The minibatch that the slot holds, in place: it is overwritten when the slot is used again. */
  batch(): HostBatch {
    const header = this.header, { dense, labels } = this.inputs;
    const size = header[SIZE]!, bags = size * this.#steps, tables = this.#tables;
    const unique = header[UNIQUE]!;
    return {
      size,
      dense,
      labels,
      lookups: {
        ...{ bags, tables, unique, lookups: header[LOOKUPS]! },
        ...this.room,
        segments: this.room.segments.subarray(0, unique + 1),
        offsets: header[HAS_OFFSETS] === 1 ? this.#offsets.subarray(0, tables * bags + 1) : null,
      },
    };
  }
}

function even(words: number): number {
  return words + words % 2;
}
