/** All subjects on some threads: each has its share of the time until it has its number of inputs. */

import { FuzzThread } from "./thread.ts";

/** Inputs a turn. */
const TURN = 200;

/** What is tried. */
export interface FuzzOptions {
  /** Names. */
  readonly subjects: readonly string[];
  readonly seed: number;
  /** Of each subject. */
  readonly inputs: number;
  /** After so many milliseconds no turn is begun. */
  readonly ms: number;
  readonly threads: number;
  /** Bytes of memory that the process may take. */
  readonly mostBytes: number;
  readonly signal: AbortSignal;
}

/** What was tried of a subject. */
export interface SubjectSums {
  readonly name: string;
  readonly accepted: number;
  readonly refused: number;
  /** Time of its turns on all threads. */
  readonly ms: number;
}

/** What came of it. */
export interface FuzzSummary {
  readonly sums: readonly SubjectSums[];
  /** The most memory that the process took. */
  readonly bytes: number;
  /** The first defect, with the input where there is one; null without any. */
  readonly defect:
    | { readonly subject: string; readonly message: string; readonly input: Uint8Array }
    | null;
}

/** A subject on its way. */
type Going = { -readonly [K in keyof SubjectSums]: SubjectSums[K] } & { next: number };

/** Tries all until they have their inputs, the time is up, or the first defect. */
export async function fuzzAll(options: FuzzOptions): Promise<FuzzSummary> {
  const { seed, inputs, threads, mostBytes, signal } = options;
  const going = options.subjects.map((name): Going => ({
    ...{ name, accepted: 0, refused: 0, ms: 0, next: 0 },
  }));
  const end = performance.now() + options.ms;
  let bytes = 0, defect: FuzzSummary["defect"] = null;
  const thread = async (): Promise<void> => {
    using own = await FuzzThread.start();
    while (performance.now() < end && !signal.aborted && defect === null) {
      const open = going.filter(({ next }) => next < inputs);
      if (open.length === 0) return;
      const subject = open.reduce((a, b) => b.ms < a.ms ? b : a);
      const from = subject.next, count = Math.min(TURN, inputs - from);
      subject.next += count;
      const begun = performance.now();
      const answer = await own.run({ subject: subject.name, seed, from, count });
      subject.ms += performance.now() - begun;
      if (answer.kind === "failed") {
        defect ??= { subject: subject.name, ...answer };
        return;
      }
      subject.accepted += answer.accepted;
      subject.refused += answer.refused;
      bytes = Math.max(bytes, answer.rss);
      if (answer.rss > mostBytes) {
        const message = `${subject.name}, inputs ${from} to ${from + count}: ${answer.rss} bytes`;
        defect ??= { subject: subject.name, message, input: new Uint8Array(0) };
      }
    }
  };
  await Promise.all(Array.from({ length: threads }, thread));
  return { sums: going, bytes, defect };
}
