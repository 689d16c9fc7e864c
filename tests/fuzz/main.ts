/** `deno task fuzz`: every reader on changed inputs, for as long as is asked, one subject after another in turns. */

import { runEntryPoint } from "../../core/entry_point.ts";
import { UserError } from "../../core/errors.ts";
import { Sha256 } from "../../core/files.ts";
import { type FlagTable, formatHelp, parseFlags } from "../../core/flags.ts";
import { formatCount } from "../../core/format.ts";
import { interruptible } from "../../core/interrupt.ts";
import { print, tell } from "../../core/streams.ts";
import { formatTable } from "../../core/table.ts";
import { SUBJECTS } from "./subjects.ts";
import type { FuzzAnswer, FuzzJob } from "./worker.ts";

const FLAGS = {
  minutes: {
    type: "number",
    above: 0,
    default: 1,
    group: "Fuzzing",
    help: "How long all subjects are tried together",
  },
  seed: {
    type: "number",
    integer: true,
    min: 0,
    max: 2 ** 32 - 1,
    default: 1,
    group: "Fuzzing",
    help: "Seed of the inputs; the same seed gives the same inputs in the same order",
  },
  subjects: {
    type: "list",
    default: SUBJECTS.map(({ name }) => name),
    group: "Fuzzing",
    help: "What is tried",
  },
} as const satisfies FlagTable;

/** Inputs a turn. */
const COUNT = 200;
/** An input that takes longer hangs. */
const HANG_MS = 5_000;
const MOST_BYTES = 2e9;
const CORPUS = new URL("./corpus/", import.meta.url);

async function main(): Promise<number> {
  const { values, help } = parseFlags(FLAGS, Deno.args);
  if (help) {
    print(formatHelp(FLAGS, {
      command: "deno task fuzz",
      about:
        "Read changed files and command lines, and stop at the first that no reader should take so",
      usage: "[flags]",
    }));
    return 0;
  }
  for (const name of values.subjects) {
    if (!SUBJECTS.some((subject) => subject.name === name)) {
      throw new UserError(
        `Cannot fuzz ${name}: it is none of ${SUBJECTS.map((one) => one.name).join(", ")}`,
      );
    }
  }
  return await interruptible(async (signal) => {
    const tried = new Map(values.subjects.map((name) => [name, { accepted: 0, refused: 0 }]));
    const end = performance.now() + 60_000 * values.minutes;
    let largest = 0;
    const thread = await Thread.start();
    try {
      for (let from = 0; performance.now() < end && !signal.aborted; from += COUNT) {
        for (const [subject, sums] of tried) {
          const answer = await thread.run(subject, values.seed, from);
          if (answer.kind !== "done") {
            await keep(subject, answer.input, answer.message);
            return 1;
          }
          sums.accepted += answer.accepted;
          sums.refused += answer.refused;
          largest = Math.max(largest, answer.rss);
          if (answer.rss > MOST_BYTES) {
            tell(`${subject}, inputs ${from} to ${from + COUNT}: ${answer.rss} bytes of memory`);
            return 1;
          }
        }
      }
    } finally {
      thread.end();
    }
    print(formatTable({
      columns: [
        { name: "subject" },
        ...["inputs", "refused", "accepted"].map((name) => ({ name, format: formatCount })),
      ],
      rows: [...tried].map(([name, { accepted, refused }]) => [
        name,
        accepted + refused,
        refused,
        accepted,
      ]),
    }));
    const all = [...tried.values()].reduce((sum, one) => sum + one.accepted + one.refused, 0);
    print(
      `${formatCount(all)} inputs of seed ${values.seed}, no defect; at most ${
        Math.round(largest / 1e6)
      } MB of memory`,
    );
    return 0;
  });
}

/** A thread with the subjects, and a watch over it. */
class Thread {
  readonly #worker: Worker;
  readonly #at = new SharedArrayBuffer(4);

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  static async start(): Promise<Thread> {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    await nextMessage(worker);
    return new Thread(worker);
  }

  async run(
    subject: string,
    seed: number,
    from: number,
  ): Promise<Exclude<FuzzAnswer, { readonly kind: "ready" }>> {
    const job: FuzzJob = { subject, seed, from, count: COUNT, at: this.#at };
    const answer = nextMessage(this.#worker);
    this.#worker.postMessage(job);
    const cell = new Int32Array(this.#at);
    let last = -1, since = performance.now();
    while (true) {
      const { promise: tick, resolve } = Promise.withResolvers<null>();
      const timer = setTimeout(() => resolve(null), 500);
      const given = await Promise.race([answer, tick]);
      clearTimeout(timer);
      if (given !== null) return given as Exclude<FuzzAnswer, { readonly kind: "ready" }>;
      const now = Atomics.load(cell, 0);
      if (now !== last) {
        last = now;
        since = performance.now();
      } else if (performance.now() - since > HANG_MS) {
        this.end();
        const message = `${subject}, input ${now} hangs`;
        return { kind: "failed", message, number: now, input: new Uint8Array(0) };
      }
    }
  }

  end(): void {
    this.#worker.terminate();
  }
}

function nextMessage(worker: Worker): Promise<FuzzAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<FuzzAnswer>();
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(event.message));
  };
  return promise;
}

/** Keeps an input that was found, for the tests. */
async function keep(subject: string, input: Uint8Array, message: string): Promise<void> {
  tell(message);
  if (input.length === 0) return;
  const name = `${subject}-${new Sha256().update(input).hex().slice(0, 12)}`;
  await Deno.writeFile(new URL(name, CORPUS), input);
  tell(`Kept as tests/fuzz/corpus/${name}`);
}

if (import.meta.main) await runEntryPoint(main);
