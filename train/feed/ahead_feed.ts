/**
 * Minibatches that other threads prepare while the one at hand is trained.
 *
 * @module
 */

import type { DatasetSchema } from "../../data/types.ts";
import type { HostBatch, Route } from "../model/model.ts";
import { InputCopier } from "./copy_inputs.ts";
import type { InputFeed } from "./feeds.ts";
import type { Numbering } from "./preparer.ts";
import { ANSWERED } from "./slot.ts";
import type { FeedLine } from "./threads.ts";

/** Inputs that follow each other in a list of positions, or in the reader's order. */
interface Place {
  /** Null for the reader's order. */
  readonly list: Uint32Array | null;
  readonly start: number;
  readonly size: number;
}

/** A minibatch that has been asked for. */
interface Asked extends Place {
  readonly route: Route;
  readonly slot: number;
  readonly request: number;
}

/** Inputs that are to be looked at and have been asked for. */
interface Looked extends Place {
  readonly numbering: Numbering | null;
  readonly slot: number;
  readonly request: number;
}

/**
 * Asks for what is wanted next before it is wanted. Slots are used in a ring: the minibatch given last, and those to come.
 * A guess that was wrong costs the threads' time alone.
 */
export class AheadFeed implements InputFeed {
  readonly ahead = 1;
  readonly #line: FeedLine;
  readonly #chunk: number;
  readonly #copier: InputCopier;
  /** Minibatches to come, in order. */
  #batches: Asked[] = [];
  #nextBatch = 0;
  /** Inputs to be looked at next, and those at hand. */
  #look: Looked | null = null;
  #looked: Looked | null = null;
  #nextLook = 0;
  #requests = 0;
  /** The last request for each slot that minibatches are put together in. */
  readonly #last: number[];
  #room = 0;

  /** @param chunk Inputs that are looked at at a time; 0 where none are. */
  constructor(schema: DatasetSchema, line: FeedLine, chunk: number) {
    this.#line = line;
    this.#chunk = chunk;
    this.#copier = new InputCopier(schema);
    this.#last = line.batches.map(() => 0);
  }

  /** As {@link Minibatches.prepare}; `end` is where the positions end that will be asked for. */
  prepare(start: number, size: number, end: number): HostBatch | Promise<HostBatch> {
    return this.#take({ list: null, start, size, route: "full" }, end);
  }

  batch(
    list: Uint32Array,
    start: number,
    size: number,
    route: Route,
  ): HostBatch | Promise<HostBatch> {
    return this.#take({ list, start, size, route }, list.length);
  }

  look(
    list: Uint32Array,
    start: number,
    size: number,
    numbering: Numbering | null,
  ): void | Promise<void> {
    const wanted = { list, start, size, numbering };
    const expected = this.#look;
    const looked = this.#looked = expected !== null && sameLook(expected, wanted)
      ? expected
      : this.#askLook(wanted);
    const next = start + size;
    this.#look = next < list.length
      ? this.#askLook({
        ...{ list, numbering, start: next },
        size: Math.min(this.#chunk, list.length - next),
      })
      : null;
    this.#line.chunks[looked.slot]!.inputs.size = size;
    return this.#line.answered({ kind: "look", ...looked });
  }

  rowNumbers(list: Uint32Array, numbering: Numbering): void {
    const looked = this.#looked!;
    if (!sameNumbering(looked.numbering, numbering)) {
      throw new Error("Cannot number rows: the inputs were looked at with other numbers");
    }
    list.set(this.#line.chunks[looked.slot]!.numbers);
  }

  begin(room: number): void | Promise<void> {
    this.#batches = [];
    this.#room = room;
    // Another thread may still be at work in the slot, for a guess that was wrong.
    const slot = this.#slot, request = this.#last[slot]!;
    const { header } = this.#line.batches[slot]!;
    if (Math.abs(Atomics.load(header, ANSWERED)) === request) return;
    return this.#settled(slot, request);
  }

  copy(from: number, to: number): void {
    const { slot } = this.#looked!, { batches, chunks } = this.#line;
    this.#copier.copy(chunks[slot]!.inputs, from, batches[this.#slot]!.inputs, to, this.#room);
  }

  finish(size: number, route: Route): () => HostBatch | Promise<HostBatch> {
    const slot = this.#slot;
    this.#copier.close(this.#line.batches[slot]!.inputs, size, this.#room);
    const request = this.#request(slot);
    this.#line.post({ kind: "group", slot, request, size, route });
    return () => this.#given(slot, request);
  }

  dispose(): void {
    this.#line.close();
  }

  /** The slot of the next minibatch. */
  get #slot(): number {
    return this.#nextBatch % this.#line.batches.length;
  }

  #take(wanted: Place & { readonly route: Route }, end: number): HostBatch | Promise<HostBatch> {
    let asked = this.#batches.shift();
    if (asked === undefined || !sameBatch(asked, wanted)) {
      this.#batches = [];
      asked = this.#ask(wanted);
    }
    // The minibatch given before is done with, so that all other slots can be filled.
    let last = this.#batches.at(-1) ?? asked;
    while (this.#batches.length + 1 < this.#line.batches.length) {
      const start = last.start + last.size;
      if (start >= end) break;
      last = this.#ask({ ...wanted, start, size: Math.min(wanted.size, end - start) });
      this.#batches.push(last);
    }
    return this.#given(asked.slot, asked.request);
  }

  #ask(wanted: Place & { readonly route: Route }): Asked {
    const { list, start, size, route } = wanted;
    const slot = this.#slot, request = this.#request(slot);
    // A wrong guess may be at work in the slot, and then reads some of these positions: it is not looked at.
    if (list !== null) {
      this.#line.batches[slot]!.positions.set(list.subarray(start, start + size));
    }
    this.#line.post({
      ...{ kind: "read", slot, request, size, route },
      start: list === null ? start : null,
    });
    return { ...wanted, slot, request };
  }

  /** The number of a new request for the slot of the next minibatch. */
  #request(slot: number): number {
    this.#nextBatch++;
    return this.#last[slot] = ++this.#requests;
  }

  #given(slot: number, request: number): HostBatch | Promise<HostBatch> {
    const waiting = this.#line.answered({ kind: "read", slot, request });
    const one = this.#line.batches[slot]!;
    return waiting === undefined ? one.batch() : waiting.then(() => one.batch());
  }

  #askLook(wanted: Place & Pick<Looked, "numbering">): Looked {
    const { list, start, size, numbering } = wanted, { chunks } = this.#line;
    const slot = this.#nextLook++ % chunks.length, request = ++this.#requests;
    chunks[slot]!.positions.set(list!.subarray(start, start + size));
    this.#line.post({ kind: "look", slot, request, size, numbering });
    return { ...wanted, slot, request };
  }

  /** Waits until a slot is not being worked in, whatever came of it. */
  async #settled(slot: number, request: number): Promise<void> {
    try {
      await this.#line.answered({ kind: "read", slot, request });
    } catch {
      // What was prepared is not wanted.
    }
  }
}

function sameBatch(asked: Asked, wanted: Place & { readonly route: Route }): boolean {
  return samePlace(asked, wanted) && asked.route === wanted.route;
}

function sameLook(asked: Looked, wanted: Place & Pick<Looked, "numbering">): boolean {
  return samePlace(asked, wanted) && sameNumbering(asked.numbering, wanted.numbering);
}

function samePlace(a: Place, b: Place): boolean {
  return a.list === b.list && a.start === b.start && a.size === b.size;
}

function sameNumbering(a: Numbering | null, b: Numbering | null): boolean {
  if (a === null || b === null) return a === b;
  return a.other === b.other && a.none === b.none && a.unused === b.unused;
}
