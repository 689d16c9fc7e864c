/**
 * A minibatch's grouped lookups in one device buffer, laid out as kernels/embedding/lookups.wgsl says.
 *
 * @module
 */

import { checkLookupCapacity, checkLookups, highestRow } from "../shapes.ts";
import type { GroupedLookups, LookupBuffers } from "../types.ts";
import type { Memory, WebGpuBuffer } from "./memory.ts";
import type { Submitter } from "./queue.ts";

/** Words before the sections. */
const HEADER = 9;
/** Sections, each of which may have a word before it. */
const SECTIONS = 8;

/** Lookups on a WebGPU device. */
export class WebGpuLookups implements LookupBuffers {
  readonly tables: number;
  readonly maxBags: number;
  readonly maxLookups: number;
  /** The packed words. */
  readonly buffer: WebGpuBuffer;
  /** Positions from which a segment has a workgroup of its own. */
  readonly longSegment: number;
  readonly #words: Uint32Array;
  readonly #tableUnique: Uint32Array;
  readonly #tableLong: Uint32Array;
  #bags = 0;
  #highestRow = -1;

  /** Throws a `RangeError` if the capacity is not made of whole numbers. */
  constructor(
    memory: Memory,
    shape: { tables: number; maxBags: number; maxLookups: number },
    label: string,
    longSegment: number,
  ) {
    this.longSegment = longSegment;
    checkLookupCapacity(shape, label);
    this.tables = shape.tables;
    this.maxBags = shape.maxBags;
    this.maxLookups = shape.maxLookups;
    const { tables, maxBags, maxLookups } = shape;
    const longs = Math.floor(maxLookups / longSegment);
    // Rows, unique rows, positions and segments; offsets; long segments; two sections of a word a table.
    const words = HEADER + 4 * maxLookups + 1 + tables * maxBags + 1 + longs + 2 * (tables + 1) +
      SECTIONS;
    this.#words = new Uint32Array(words);
    this.#tableUnique = new Uint32Array(tables + 1);
    this.#tableLong = new Uint32Array(tables + 1);
    this.buffer = memory.create(4 * words, label);
  }

  /** Inputs of the minibatch written last. */
  get bags(): number {
    return this.#bags;
  }

  /** Highest flat row of the minibatch written last; -1 without lookups. */
  get highestRow(): number {
    return this.#highestRow;
  }

  /** Different rows of tables [first, end) in the minibatch written last. */
  unique(first: number, end: number): number {
    return this.#tableUnique[end]! - this.#tableUnique[first]!;
  }

  /** How many of them have long segments. */
  longs(first: number, end: number): number {
    return this.#tableLong[end]! - this.#tableLong[first]!;
  }

  /** Packs and uploads a minibatch. */
  write(memory: Memory, submitter: Submitter, lookups: GroupedLookups): void {
    const gpu = this.buffer.storage(memory);
    checkLookups(this, lookups);
    const { bags, offsets, unique, segments } = lookups;
    const words = this.#words;
    let at = HEADER;
    const section = (data: Uint32Array, count: number): number => {
      // From memory that threads share, a copy is many times slower unless both ends begin at whole 8 bytes.
      at += at % 2;
      const start = at;
      words.set(data.length === count ? data : data.subarray(0, count), at);
      at += count;
      return start;
    };
    this.#bags = bags;
    this.#highestRow = highestRow(lookups);
    words[0] = bags;
    words[1] = section(lookups.rows, lookups.lookups);
    words[2] = offsets === null ? 0 : section(offsets, this.tables * bags + 1);
    words[3] = section(lookups.uniqueRows, unique);
    words[4] = section(segments, unique + 1);
    words[5] = section(lookups.positions, lookups.lookups);
    words[6] = at;
    const firstLong = at;
    for (let u = 0; u < unique; u++) {
      if (segments[u + 1]! - segments[u]! >= this.longSegment) words[at++] = u;
    }
    const longs = words.subarray(firstLong, at);
    for (let t = 0; t <= this.tables; t++) {
      const first = t * bags;
      this.#tableUnique[t] = firstWhere(
        unique,
        (u) => lookups.positions[segments[u]!]! >= first,
      );
      this.#tableLong[t] = firstWhere(longs.length, (i) => longs[i]! >= this.#tableUnique[t]!);
    }
    words[7] = section(this.#tableUnique, this.tables + 1);
    words[8] = section(this.#tableLong, this.tables + 1);
    submitter.write(gpu, 0, words.subarray(0, at));
  }

  /** {@inheritDoc LookupBuffers.dispose} */
  dispose(): void {
    this.buffer.dispose();
  }
}

/** The first of `count` numbers at which a condition holds that holds from some number on; `count` if at none. */
function firstWhere(count: number, holds: (i: number) => boolean): number {
  let low = 0, high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
