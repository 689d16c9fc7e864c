/** Runs subjects on inputs by number: what input a number is depends on the seed alone. */

import { Draw } from "./draw.ts";
import type { Subject } from "./subject.ts";

/** What was tried of a subject. */
export interface Tried {
  readonly accepted: number;
  readonly refused: number;
}

/** An input that a reader should have refused, or refused otherwise. */
export class FuzzFailure extends Error {
  readonly subject: string;
  readonly number: number;
  readonly input: Uint8Array;

  constructor(subject: string, number: number, input: Uint8Array, cause: unknown) {
    const reason = cause instanceof Error ? cause.stack ?? cause.message : String(cause);
    super(`${subject}, input ${number}: ${reason}`, { cause });
    this.subject = subject;
    this.number = number;
    this.input = input;
  }
}

/**
 * Reads inputs of some numbers.
 *
 * @param at Is told the number of each before it is read.
 * @throws {FuzzFailure} The first that a defect answers.
 */
export async function fuzz(
  subject: Subject,
  { seed, from, count, at = () => {} }: {
    readonly seed: number;
    readonly from: number;
    readonly count: number;
    readonly at?: (number: number) => void;
  },
): Promise<Tried> {
  let accepted = 0, refused = 0;
  for (let number = from; number < from + count; number++) {
    at(number);
    const input = subject.make(new Draw(seed, number));
    try {
      if (await subject.check(input) === "accepted") accepted++;
      else refused++;
    } catch (error) {
      throw new FuzzFailure(subject.name, number, input, error);
    }
  }
  return { accepted, refused };
}
