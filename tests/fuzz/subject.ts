/** What is fuzzed: a reader with its inputs, and what may come of one. */

import assert from "node:assert/strict";
import { UserError } from "../../core/errors.ts";
import type { Draw } from "./draw.ts";

/** What a reader made of an input. */
export type Verdict = "accepted" | "refused";

/** A reader and inputs for it. */
export interface Subject {
  /** Lower case with dashes: names its inputs in the corpus. */
  readonly name: string;
  /** An input that something may be wrong with. */
  make(draw: Draw): Uint8Array;
  /**
   * Reads an input.
   *
   * @throws A defect: an error that no person can mend, or an input taken that should not be.
   */
  check(input: Uint8Array): Verdict | Promise<Verdict>;
}

/** Whether a reading was refused as a person can read it: one sentence, short, on one line. */
export async function verdictOf(reading: () => unknown): Promise<Verdict> {
  try {
    await reading();
    return "accepted";
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    assert.match(error.message, /^Cannot /);
    assert.ok(error.message.length < 2000, `a message of ${error.message.length} characters`);
    // Whatever else a terminal obeys is shown as its code when it is printed.
    assert.doesNotMatch(error.message, /[\r\n]/, JSON.stringify(error.message));
    return "refused";
  }
}
