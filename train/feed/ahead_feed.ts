/**
 * Minibatches that other threads prepare while the one at hand is trained.
 *
 * @module
 */

import type { DatasetSchema } from "../../data/types.ts";
import type { HostBatch, Route } from "../model/model.ts";
import { InputCopier } from "./copy_inputs.ts";
import type { InputFeed, Look } from "./feeds.ts";
import { asked, type Numbering } from "./preparer.ts";
import { ANSWERED } from "./slot.ts";
import type { FeedLine } from "./threads.ts";

/** A minibatch of inputs that follow each other in a list of positions, or in the reader's order. */
interface Wanted {
  /** Null for the reader's order. */
  readonly list: Uint32Array | null;
  readonly start: number;
  readonly size: number;
  readonly route: Route;
}

/** A minibatch that has been asked for. */
interface Asked extends Wanted {
  readonly slot: number;
  readonly request: number;
}

/**
 * Asks for what is wanted next before it is wanted. Slots are used in a ring: the minibatch given last, and those to come.
 * A guess that was wrong costs the threads' time alone.
 */
export class AheadFeed implements InputFeed {
  readonly ahead = 1;
  readonly looks: number;
  readonly #line: FeedLine;
  readonly #copier: InputCopier;
  /** Minibatches to come, in order. */
  #batches: Asked[] = [];
  #nextBatch = 0;
  #nextLook = 0;
  #requests = 0;
  /** The last request for each slot that minibatches are put together in. */
  readonly #last: number[];
  #room = 0;

  /** Minibatches of inputs with these columns. */
  constructor(schema: DatasetSchema, line: FeedLine) {
    this.#line = line;
    this.looks = line.chunks.length;
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

  look(list: Uint32Array, start: number, size: number, numbering: Numbering | null): Look {
    const { chunks } = this.#line;
    const slot = this.#nextLook++ % chunks.length, request = ++this.#requests;
    const { positions, inputs, numbers } = chunks[slot]!;
    positions.set(list.subarray(start, start + size));
    this.#line.post({ kind: "look", slot, request, size, numbering });
    const line = this.#line, one = { kind: "look", slot, request } as const;
    return {
      size,
      // Of the slot's own, the size is that of the look before.
      inputs: { ...inputs, size },
      get arrived() {
        return line.isAnswered(one);
      },
      ready: () => line.answered(one),
      number: (rows) => {
        asked(numbering);
        rows.set(numbers);
      },
    };
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

  copy({ inputs }: Look, from: number, to: number): void {
    this.#copier.copy(inputs, from, this.#line.batches[this.#slot]!.inputs, to, this.#room);
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

  #take(wanted: Wanted, end: number): HostBatch | Promise<HostBatch> {
    let first = this.#batches.shift();
    if (first === undefined || !sameBatch(first, wanted)) {
      this.#batches = [];
      first = this.#ask(wanted);
    }
    // The minibatch given before is done with, so that all other slots can be filled.
    let last = this.#batches.at(-1) ?? first;
    while (this.#batches.length + 1 < this.#line.batches.length) {
      const start = last.start + last.size;
      if (start >= end) break;
      last = this.#ask({ ...wanted, start, size: Math.min(wanted.size, end - start) });
      this.#batches.push(last);
    }
    return this.#given(first.slot, first.request);
  }

  #ask(wanted: Wanted): Asked {
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

  /** Waits until a slot is not being worked in, whatever came of it. */
  async #settled(slot: number, request: number): Promise<void> {
    try {
      await this.#line.answered({ kind: "read", slot, request });
    } catch {
      // What was prepared is not wanted.
    }
  }
}

function sameBatch(a: Wanted, b: Wanted): boolean {
  return a.list === b.list && a.start === b.start && a.size === b.size && a.route === b.route;
}
