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
