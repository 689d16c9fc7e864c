/**
 * `deno task bench [NAME]`: runs an experiment and prints its tables.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import { fileError, writeFileWhole } from "../core/files.ts";
import { chooseCommand, flagName, type FlagTable, formatHelp, parseFlags } from "../core/flags.ts";
import { checkOutputFile, checkOutputFolder } from "../core/outputs.ts";
import { formatTable } from "../core/table.ts";
import { currentEnvironment } from "../train/environment.ts";
import { PRESET_NAMES } from "../train/presets.ts";
import type { Experiment, Findings } from "./experiment.ts";
import { EXPERIMENTS } from "./registry.ts";
import { buildDocument, tableToCsv } from "./report.ts";

const FLAGS = {
  device: {
    type: "choice",
    choices: ["auto", "cpu", "webgpu"],
    default: "auto",
    group: "Experiment",
    help: "Where to compute; auto takes a hardware WebGPU adapter where there is one, else the CPU",
  },
  wide: {
    type: "boolean",
    group: "Experiment",
    help: "CPU kernels for V8's 256-bit mode: deno task bench:fast sets this and V8's flags",
  },
  threads: {
    type: "number",
    integer: true,
    min: 1,
    max: 256,
    group: "Experiment",
    defaultText: "all cores",
    help: "Threads of the CPU device, for ablation, kernels and plans",
  },
  batch: {
    type: "ints",
    group: "Experiment",
    valueName: "N-N-…",
    defaultText: "by experiment",
    help: "Minibatch sizes",
  },
  rounds: {
    type: "number",
    integer: true,
    min: 1,
    max: 1000,
    default: 7,
    group: "Experiment",
    help: "Timed rounds; the median of them is what counts",
  },
  inputs: {
    type: "number",
    integer: true,
    min: 100,
    max: 2 ** 31 - 1,
    group: "Experiment",
    defaultText: "by experiment",
    help: "Inputs that train, for hot and twins",
  },
  workloads: {
    type: "list",
    choices: PRESET_NAMES,
    default: PRESET_NAMES,
    group: "Experiment",
    valueName: "NAME,…",
    help: "Workloads, for hot and twins",
  },
  seeds: {
    type: "number",
    integer: true,
    min: 1,
    max: 1000,
    group: "Experiment",
    defaultText: "by experiment",
    help: "Seeds, for ablation",
  },
  firstSeed: {
    type: "number",
    integer: true,
    min: 1,
    default: 1,
    group: "Experiment",
    help: "First seed to run, for ablation: several processes can share one folder of results",
  },
  variants: {
    type: "list",
    default: [],
    group: "Experiment",
    valueName: "NAME,…",
    defaultText: "by experiment",
    help: "Variants, for ablation: fae, slipstream-30, random-30, root-30+layer, …",
  },
  full: {
    type: "boolean",
    group: "Experiment",
    help: "Published sizes and more seeds: hours; an interrupted run goes on where it stopped",
  },
  smoke: {
    type: "boolean",
    group: "Experiment",
    help: "Least work that still runs everything; the figures mean nothing",
  },
  python: {
    type: "path",
    group: "Experiment",
    defaultText: "python3, /usr/bin/python3",
    help: "Python with torch and numpy, for peers",
  },
  out: {
    type: "path",
    valueName: "DIR",
    group: "Files",
    default: "runs/bench",
    help: "Folder of results; what an interrupted run has trained is found there",
  },
  json: {
    type: "path",
    valueName: "FILE",
    group: "Files",
    help: "Write the findings to this file",
  },
  csv: {
    type: "path",
    valueName: "DIR",
    group: "Files",
    help: "Write each table as CSV to this folder",
  },
  quiet: { type: "boolean", short: "q", group: "Files", help: "Print only the tables" },
} as const satisfies FlagTable;

/** Flags without a value, as they are written. */
const SWITCHES: ReadonlySet<string> = new Set(
  Object.entries(FLAGS).filter(([, flag]) => flag.type === "boolean").map(([key]) => flagName(key)),
);

/** Exit status of a process that SIGINT ended. */
const INTERRUPTED = 130;
const SMOKE = "A smoke run: its figures mean nothing";

async function main(args: readonly string[]): Promise<number> {
  // Switches may stand before the name, as `--wide` does in the task `bench:fast`.
  const at = args.findIndex((word) => !SWITCHES.has(word));
  const named = at >= 0 && !args[at]!.startsWith("-");
  const name = named ? chooseCommand(EXPERIMENTS.map((e) => e.name), args.slice(at)).name : null;
  const experiment = EXPERIMENTS.find((e) => e.name === name) ?? EXPERIMENTS[0]!;
  const { values, help } = parseFlags(FLAGS, named ? args.toSpliced(at, 1) : args);
  if (help) {
    console.log(helpPage());
    return 0;
  }
  checkOutputFile("--json", values.json ?? null);
  checkOutputFolder("--csv", values.csv ?? null);
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) Deno.exit(INTERRUPTED);
    controller.abort(new UserError("Interrupted"));
  };
  Deno.addSignalListener("SIGINT", interrupt);
  const say = values.quiet ? () => {} : (line: string) => console.error(line);
  const { cpu_model, cpus, deno, project_version } = currentEnvironment();
  say(
    `Slipstream ${project_version}, Deno ${deno}, ${cpus} cores${
      cpu_model ? `, ${cpu_model}` : ""
    }`,
  );
  try {
    const found = await experiment.run({
      device: values.device,
      wide: values.wide,
      threads: values.threads ?? null,
      batch: values.batch ?? [],
      rounds: values.smoke ? 1 : values.rounds,
      smoke: values.smoke,
      full: values.full,
      python: values.python ?? null,
      inputs: values.inputs ?? null,
      workloads: PRESET_NAMES.filter((name) => values.workloads.includes(name)),
      seeds: values.seeds ?? null,
      firstSeed: values.firstSeed,
      variants: values.variants,
      out: values.out,
      say,
      signal: controller.signal,
    });
    const findings = values.smoke ? { ...found, notes: [...found.notes, SMOKE] } : found;
    print(findings);
    await write(experiment, findings, values.json ?? null, values.csv ?? null);
    return 0;
  } catch (error) {
    // Whatever fails after it fails because of it.
    if (controller.signal.aborted) {
      console.error("Interrupted");
      return INTERRUPTED;
    }
    throw error;
  } finally {
    Deno.removeSignalListener("SIGINT", interrupt);
  }
}

function helpPage(): string {
  const width = Math.max(...EXPERIMENTS.map((e) => e.name.length));
  const list = EXPERIMENTS.map((e) => `  ${e.name.padEnd(width)}  ${e.summary}`).join("\n");
  return `${
    formatHelp(FLAGS, {
      command: "deno task bench",
      about: "Run an experiment and print its tables",
      usage: `[${EXPERIMENTS.map((e) => e.name).join("|")}] [flags]`,
      examples: [
        ["Training speed and quality on this machine", "deno task bench"],
        ["Beside PyTorch", "deno task bench peers"],
        [
          "Hot share of all inputs that train RM2",
          "deno task bench hot --workloads rm2 --inputs 39291958",
        ],
      ],
    })
  }\nExperiments (default ${EXPERIMENTS[0]!.name}):\n${list}`;
}

function print(findings: Findings): void {
  for (const table of findings.tables) console.log(`${table.title}\n\n${formatTable(table)}`);
  for (const note of findings.notes) console.log(note);
}

async function write(
  experiment: Experiment,
  findings: Findings,
  json: string | null,
  csv: string | null,
): Promise<void> {
  if (json !== null) {
    const document = buildDocument(experiment, findings, { seconds: 0, command: "", settings: {} });
    await writeFileWhole(json, `${JSON.stringify(document, null, 2)}\n`);
  }
  if (csv !== null) {
    await Deno.mkdir(csv, { recursive: true }).catch((error) => {
      throw fileError("write to", csv, error);
    });
    for (const [i, table] of findings.tables.entries()) {
      await writeFileWhole(
        `${csv}/${experiment.name}-${i + 1}.csv`,
        await tableToCsv(table),
      );
    }
  }
}

if (import.meta.main) {
  try {
    Deno.exitCode = await main(Deno.args);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(`error: ${error.message}`);
    Deno.exitCode = error.status;
  }
}
