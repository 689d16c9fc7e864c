/**
 * Values that devices give without making the caller wait.
 *
 * @module
 */

import type { Pending } from "./types.ts";

/** A value that is there already. */
export function present<T>(value: T): Pending<T> {
  return { take: () => value, wait: () => Promise.resolve(value) };
}

/** A value made once of another one that is on its way. */
export function whenCome<T, U>(pending: Pending<T>, make: (value: T) => U): Pending<U> {
  let made: { readonly value: U } | null = null;
  return {
    take: () => {
      if (made === null) {
        const value = pending.take();
        if (value === null) return null;
        made = { value: make(value) };
      }
      return made.value;
    },
    wait: async () => {
      if (made === null) {
        const value = await pending.wait();
        made ??= { value: make(value) };
      }
      return made.value;
    },
  };
}
