/** `deno task fuzz`: every reader on changed inputs, until it has as many as are asked for or the time is up. */

import { runEntryPoint } from "../../core/entry_point.ts";
import { UserError } from "../../core/errors.ts";
import { Sha256 } from "../../core/files.ts";
import { type FlagTable, formatHelp, parseFlags } from "../../core/flags.ts";
import { formatCount } from "../../core/format.ts";
import { interruptedStatus, interruptible } from "../../core/interrupt.ts";
import { print, tell } from "../../core/streams.ts";
import { formatTable } from "../../core/table.ts";
import { fuzzAll, type FuzzSummary, type SubjectSums } from "./fuzz_all.ts";
import { SUBJECTS } from "./subjects.ts";

const FLAGS = {
  minutes: {
    type: "number",
    above: 0,
    default: 1,
    group: "Fuzzing",
    help: "How long all subjects are tried together; each has its share of the time",
  },
  inputs: {
    type: "number",
    integer: true,
    min: 1,
    group: "Fuzzing",
    defaultText: "as many as the time allows",
    help: "Inputs of each subject, whose time then goes to the others",
  },
  threads: {
    type: "number",
    integer: true,
    min: 1,
    max: 64,
    default: 1,
    group: "Fuzzing",
    help: "Threads",
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
    const { subjects, seed, minutes, threads, inputs = Infinity } = values;
    const summary = await fuzzAll({
      ...{ subjects, seed, inputs, threads, signal },
      ms: 60_000 * minutes,
      mostBytes: MOST_BYTES,
    });
    if (summary.defect !== null) {
      await keep(summary.defect);
      return 1;
    }
    print(formatTable({
      columns: [
        { name: "subject" },
        ...["inputs", "refused", "accepted"].map((name) => ({ name, format: formatCount })),
      ],
      rows: summary.sums.map((one) => [one.name, triedOf(one), one.refused, one.accepted]),
    }));
    const all = summary.sums.reduce((sum, one) => sum + triedOf(one), 0);
    print(
      `${formatCount(all)} inputs of seed ${seed}, no defect; at most ${
        Math.round(summary.bytes / 1e6)
      } MB of memory`,
    );
    return signal.aborted ? interruptedStatus(signal) : 0;
  });
}

function triedOf({ accepted, refused }: SubjectSums): number {
  return accepted + refused;
}

/** Keeps an input that was found, for the tests. */
async function keep({ subject, input, message }: FuzzSummary["defect"] & object): Promise<void> {
  tell(message);
  if (input.length === 0) return;
  const name = `${subject}-${new Sha256().update(input).hex().slice(0, 12)}`;
  await Deno.writeFile(new URL(name, CORPUS), input);
  tell(`Kept as tests/fuzz/corpus/${name}`);
}

if (import.meta.main) await runEntryPoint(main);
