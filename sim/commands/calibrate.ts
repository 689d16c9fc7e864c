/**
 * `deno task simulate calibrate`: measures the machine at hand.
 *
 * @module
 */

import { type FlagTable, formatHelp, parseFlags, QUIET_FLAG } from "../../core/flags.ts";
import { formatDuration } from "../../core/format.ts";
import { checkOutputFile } from "../../core/outputs.ts";
import { Progress } from "../../core/progress.ts";
import { formatTable } from "../../core/table.ts";
import { detectTerminal } from "../../core/terminal.ts";
import { print, tell } from "../../core/streams.ts";
import { calibrate } from "../calibrate/calibrate.ts";
import { writeMachine } from "../machine.ts";
import { costsTable } from "../runtime/report.ts";
import type { Command } from "./flags.ts";

const FLAGS = {
  device: {
    type: "choice",
    choices: ["cpu", "webgpu"],
    default: "cpu",
    group: "Machine",
    help: "What is measured",
  },
  threads: {
    type: "number",
    integer: true,
    min: 1,
    max: 256,
    group: "Machine",
    defaultText: "one a core",
    help: "Threads of the CPU device",
  },
  wide: {
    type: "boolean",
    group: "Machine",
    help:
      "CPU kernels for V8's 256-bit mode on x86-64; deno task simulate says it, and --no-wide takes it back",
  },
  name: { type: "string", default: "this", group: "Machine", help: "What the machine is called" },
  quick: {
    type: "boolean",
    group: "Measurement",
    help: "A few small cases, to see that it runs: the figures mean nothing",
  },
  passes: {
    type: "number",
    integer: true,
    min: 1,
    group: "Measurement",
    defaultText: "3, quick 1",
    help: "Times that everything is measured, in turn",
  },
  out: { type: "path", default: "machine.json", group: "Files", help: "Write the machine file" },
  quiet: QUIET_FLAG,
} as const satisfies FlagTable;

/** Share of disturbed cases that is worth a word: medians over passes bear fewer. */
const NOTABLE = 0.02;

/** Calibrates. */
export const calibrateCommand: Command = {
  name: "calibrate",
  summary: "Measure the machine at hand, and write a machine file with error bars",
  flags: FLAGS,
  async run(args, signal) {
    const { values, help } = parseFlags(FLAGS, args);
    if (help) {
      print(formatHelp(FLAGS, {
        command: "deno task simulate calibrate",
        about: "Measure the machine at hand through this project's own devices",
        usage: "[flags]",
        examples: [[
          "One thread, into a file of its own",
          "deno task simulate calibrate --threads 1 --out one.json",
        ]],
      }));
      return;
    }
    checkOutputFile("--out", values.out);
    const begun = performance.now();
    const disposing = new DisposableStack();
    using _stack = disposing;
    let progress: Progress | null = null;
    const document = await calibrate({
      device: values.device as "cpu" | "webgpu",
      threads: values.threads,
      wide: values.wide,
      quick: values.quick,
      passes: values.passes,
      name: values.name,
      // The task says the flag itself.
      command: ["deno task simulate calibrate", ...args.filter((word) => word !== "--wide")]
        .join(" "),
      onCase: (done, total, table, disturbed) => {
        progress ??= disposing.use(
          new Progress({
            label: "calibrate",
            total,
            unit: "cases",
            terminal: detectTerminal("stderr"),
            quiet: values.quiet,
          }),
        );
        progress.update(done, {
          now: table,
          ...(disturbed > 0 ? { disturbed: `${disturbed}` } : {}),
        });
      },
      signal,
    });
    await writeMachine(values.out, document);
    disposing.dispose();
    print(`${document.title}\n\n${formatTable(costsTable(document.runtime!))}`);
    const { disturbed = 0 } = document.runtime!;
    if (disturbed > NOTABLE) {
      tell(
        `warning: something else was at work during ${
          (100 * disturbed).toFixed(1)
        } % of the measurements: calibrate again when the machine is quiet`,
      );
    }
    print(
      `${values.out} written after ${formatDuration((performance.now() - begun) / 1000)}`,
    );
  },
};
