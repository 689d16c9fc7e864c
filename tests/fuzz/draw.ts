/** Numbers for one fuzzed input, by seed and number alone, and what is done to bytes and JSON with them. */

import { RandomStream } from "../../core/random.ts";

/** Numbers drawn for one input. */
export class Draw {
  readonly #words: RandomStream;
  #at = 0;

  constructor(seed: number, number: number) {
    this.#words = new RandomStream(seed, "synthetic", number);
  }

  /** A whole number in [0, n). */
  below(n: number): number {
    return Math.floor(this.#words.uniform(this.#at++) * n);
  }

  /** One of a list. */
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** Whether something of this probability happens. */
  chance(probability: number): boolean {
    return this.#words.uniform(this.#at++) < probability;
  }
}

/** Bytes after one to a few changes: bits, bytes, pieces gone, doubled, moved or cut off. */
export function mutateBytes(bytes: Uint8Array, draw: Draw): Uint8Array {
  let changed: Uint8Array = bytes.slice();
  for (let turn = 1 + draw.below(3); turn > 0 && changed.length > 0; turn--) {
    const at = draw.below(changed.length);
    const length = 1 + draw.below(Math.min(64, changed.length - at));
    switch (draw.below(6)) {
      case 0:
        changed[at]! ^= 1 << draw.below(8);
        break;
      case 1:
        changed[at] = draw.of([0, 1, 0x7f, 0x80, 0xff, draw.below(256)]);
        break;
      case 2:
        changed = joined(changed.subarray(0, at), changed.subarray(at + length));
        break;
      case 3:
        changed = joined(changed.subarray(0, at + length), changed.subarray(at));
        break;
      case 4:
        changed.copyWithin(draw.below(changed.length), at, at + length);
        break;
      default:
        changed = changed.slice(0, at);
    }
  }
  return changed;
}

/** Values that readers have stumbled over. */
const ODD: readonly unknown[] = [
  ...[null, true, false, 0, -0, 1, -1, 0.5, 5e-324, 1e308, -1e308, 2 ** 31, 2 ** 53, 2 ** 64],
  ...["", " ", "0", "NaN", "__proto__", "\u001b[2J", "\u202e", "\ud800", "../..", "=1+1"],
  ...["x".repeat(3000), [], {}, [[]], [null], { length: 1e9 }, { toString: 1 }],
];

/** A JSON value with one to a few of its members replaced, renamed, doubled, gone or swapped. */
export function mutateJson(value: unknown, draw: Draw): unknown {
  const root = { value: structuredClone(value) };
  for (let turn = 1 + draw.below(3); turn > 0; turn--) {
    const places = placesOf(root);
    const { holder, key } = draw.of(places);
    const members = holder as Record<string, unknown>;
    switch (draw.below(6)) {
      case 0:
        if (Array.isArray(holder)) holder.splice(Number(key), 1);
        else if (holder !== root) delete members[key];
        break;
      case 1:
        if (holder !== root && !Array.isArray(holder)) {
          members[draw.of([`${key}s`, key.toUpperCase(), "constructor", ""])] = members[key];
        }
        break;
      case 2: {
        const other = draw.of(places);
        members[key] = structuredClone((other.holder as Record<string, unknown>)[other.key]);
        break;
      }
      case 3:
        if (Array.isArray(holder)) holder.push(...holder.slice(0, 3));
        break;
      default: {
        const old = members[key];
        members[key] = typeof old === "number" && draw.chance(0.5)
          ? draw.of([-old, old + 1, old * 1e6, old / 3, String(old)])
          : structuredClone(draw.of(ODD));
      }
    }
  }
  return root.value;
}

function placesOf(root: object): { readonly holder: object; readonly key: string }[] {
  const places: { holder: object; key: string }[] = [];
  const open: object[] = [root];
  for (let holder = open.pop(); holder !== undefined && places.length < 5000; holder = open.pop()) {
    for (const [key, member] of Object.entries(holder)) {
      places.push({ holder, key });
      if (typeof member === "object" && member !== null) open.push(member);
    }
  }
  return places;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
