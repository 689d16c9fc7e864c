/** A thread that reads inputs, so that one that hangs can be ended. */

import { fuzz, FuzzFailure } from "./driver.ts";
import { SUBJECTS } from "./subjects.ts";

/** Which inputs. */
export interface FuzzJob {
  readonly subject: string;
  readonly seed: number;
  readonly from: number;
  readonly count: number;
  /** Holds the number that is being read. */
  readonly at: SharedArrayBuffer;
}

/** What came of them. */
export type FuzzAnswer =
  | { readonly kind: "ready" }
  | {
    readonly kind: "done";
    readonly accepted: number;
    readonly refused: number;
    readonly rss: number;
  }
  | {
    readonly kind: "failed";
    readonly message: string;
    readonly number: number;
    readonly input: Uint8Array;
  };

const scope = self as unknown as Worker & { onmessage: (event: MessageEvent<FuzzJob>) => void };

scope.onmessage = async ({ data: { subject: name, seed, from, count, at } }) => {
  const subject = SUBJECTS.find((one) => one.name === name)!;
  const cell = new Int32Array(at);
  try {
    const tried = await fuzz(subject, {
      ...{ seed, from, count },
      at: (number) => Atomics.store(cell, 0, number),
    });
    answer({ kind: "done", ...tried, rss: Deno.memoryUsage().rss });
  } catch (error) {
    if (!(error instanceof FuzzFailure)) throw error;
    answer({ kind: "failed", message: error.message, number: error.number, input: error.input });
  }
};

function answer(message: FuzzAnswer): void {
  scope.postMessage(message);
}

answer({ kind: "ready" });
