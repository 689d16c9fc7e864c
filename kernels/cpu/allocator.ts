/**
 * Hands out ranges of a memory that can only grow.
 *
 * @module
 */

/** A range that was handed out. */
interface Allocation {
  readonly address: number;
  /** Bytes from the address on that were in use before, and may hold anything; the rest is zero. */
  readonly used: number;
}

interface Block {
  address: number;
  bytes: number;
}

/** Alignment of every range: a cache line. */
const ALIGNMENT = 64;

/** First-fit allocator over free blocks, which are kept in order and merged. */
export class Allocator {
  readonly #grow: (end: number) => void;
  readonly #sizes = new Map<number, number>();
  #free: Block[] = [];
  /** No range ends after this one. */
  #end: number;
  /** Nothing from here on was ever handed out. */
  #highest: number;

  /**
   * @param start First byte that may be handed out.
   * @param grow Makes the memory reach at least to its argument, or throws.
   */
  constructor(start: number, grow: (end: number) => void) {
    this.#grow = grow;
    this.#end = start;
    this.#highest = start;
  }

  /** Bytes handed out now, rounded up to whole cache lines. */
  get allocated(): number {
    let sum = 0;
    for (const bytes of this.#sizes.values()) sum += bytes;
    return sum;
  }

  /** Finds room for `byteLength` bytes. Throws what `grow` throws. */
  allocate(byteLength: number): Allocation {
    const bytes = Math.max(1, Math.ceil(byteLength / ALIGNMENT)) * ALIGNMENT;
    const address = this.#take(bytes);
    this.#sizes.set(address, bytes);
    const used = Math.max(0, Math.min(bytes, this.#highest - address));
    this.#highest = Math.max(this.#highest, address + bytes);
    return { address, used };
  }

  /** Gives a range back. */
  release(address: number): void {
    const bytes = this.#sizes.get(address);
    if (bytes === undefined) {
      throw new Error(`Cannot release address ${address}: it is not allocated`);
    }
    this.#sizes.delete(address);
    let at = this.#free.findIndex((block) => block.address > address);
    if (at === -1) at = this.#free.length;
    this.#free.splice(at, 0, { address, bytes });
    const merged: Block[] = [];
    for (const block of this.#free) {
      const last = merged.at(-1);
      if (last !== undefined && last.address + last.bytes === block.address) {
        last.bytes += block.bytes;
      } else merged.push(block);
    }
    const last = merged.at(-1);
    if (last !== undefined && last.address + last.bytes === this.#end) {
      this.#end = last.address;
      merged.pop();
    }
    this.#free = merged;
  }

  #take(bytes: number): number {
    const at = this.#free.findIndex((block) => block.bytes >= bytes);
    if (at === -1) {
      const address = this.#end;
      this.#grow(address + bytes);
      this.#end = address + bytes;
      return address;
    }
    const block = this.#free[at]!;
    const { address } = block;
    block.address += bytes;
    block.bytes -= bytes;
    if (block.bytes === 0) this.#free.splice(at, 1);
    return address;
  }
}
