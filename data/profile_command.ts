/**
 * `deno task data profile SOURCE…`: prints statistics of a data set.
 *
 * @module
 */

import { LOG_FLAGS } from "./flags.ts";
import { UsageError } from "../core/errors.ts";
import { type FlagTable, type FlagValues, QUIET_FLAG } from "../core/flags.ts";
import { claimOutputs, writeOutput } from "../core/outputs.ts";
import type { CommandHooks } from "./command.ts";
import { openDataset } from "./open.ts";
import { profileDataset } from "./profile.ts";
import { formatProfile } from "./profile_report.ts";
import { readSchema } from "./schema/read_schema.ts";
import type { Dataset } from "./types.ts";

/** Flags of `deno task data profile`. */
export const PROFILE_FLAGS = {
  data: {
    type: "paths",
    required: true,
    positional: true,
    group: "Data",
    valueName: "SOURCE…",
    help:
      "Click logs in order: text, plain or in gzip or zstd, Parquet or Arrow; folders and patterns of them; or one of synthetic:INPUTS and twin:NAME:INPUTS. The flag's name may be left out",
  },
  format: LOG_FLAGS.format,
  schema: LOG_FLAGS.schema,
  limit: LOG_FLAGS.limit,
  maxIndRange: {
    type: "number",
    integer: true,
    min: 0,
    max: 0xffffffff,
    default: 0,
    group: "Data",
    help: "Take ids modulo N; 0 leaves them as they are",
  },
  minCount: LOG_FLAGS.minCount,
  dataSeed: LOG_FLAGS.dataSeed,
  badRows: LOG_FLAGS.badRows,
  cache: LOG_FLAGS.cache,
  split: {
    type: "choice",
    choices: ["all", "train", "test", "validation"],
    default: "all",
    group: "Profile",
    help: "Which inputs",
  },
  budgets: {
    type: "list",
    default: ["64", "128", "256", "512"],
    group: "Profile",
    valueName: "MIB,…",
    help: "Memory for hot rows, in MiB",
  },
  dim: {
    type: "number",
    integer: true,
    min: 1,
    default: 16,
    group: "Profile",
    help: "Floats in an embedding row",
  },
  sample: {
    type: "number",
    integer: true,
    min: 1,
    group: "Profile",
    defaultText: "all inputs",
    help: "Look at N inputs drawn from all parts, and give standard errors",
  },
  seed: {
    type: "number",
    integer: true,
    min: 0,
    max: 0xffffffff,
    default: 1,
    group: "Profile",
    help: "Seed of the sample",
  },
  json: {
    type: "path",
    valueName: "FILE",
    group: "Files",
    help: "Write the profile to this file; - is standard output",
  },
  plot: {
    type: "path",
    valueName: "FILE.svg",
    group: "Files",
    help: "Draw the profile to this file",
  },
  quiet: QUIET_FLAG,
} as const satisfies FlagTable;

/** A walk in sequence needs no more than one block of a log that is larger than this. */
const MEMORY = 256 * 2 ** 20;

/** Profiles, writes what is asked for, and returns the tables. */
export async function runProfile(
  values: FlagValues<typeof PROFILE_FLAGS>,
  hooks: CommandHooks,
): Promise<string> {
  claimOutputs({ "--json": values.json, "--plot": values.plot }, values);
  const budgetsMib = values.budgets.map(parseBudget);
  const dataset = await open(values, hooks);
  try {
    for (const note of dataset.notes) hooks.onNote(note);
    const profile = await profileDataset(dataset, {
      split: values.split,
      sample: values.sample,
      seed: values.seed,
      budgetsMib,
      dim: values.dim,
      signal: hooks.signal,
      onProgress: (done, total) => hooks.onProgress("profile", "inputs", done, total),
    });
    if (values.json !== undefined) {
      await writeOutput(values.json, `${JSON.stringify(profile, null, 2)}\n`);
    }
    if (values.plot !== undefined) {
      const { plotProfile } = await import("./profile_plot.ts");
      await writeOutput(values.plot, await plotProfile(profile));
    }
    return formatProfile(profile);
  } finally {
    dataset.close();
  }
}

async function open(
  values: FlagValues<typeof PROFILE_FLAGS>,
  hooks: CommandHooks,
): Promise<Dataset> {
  const { data, limit } = values;
  const synthetic = /^synthetic(?::(\d+(?:e\d+)?))?$/.exec(data[0]!);
  if (synthetic !== null && data.length === 1) {
    const inputs = synthetic[1] === undefined ? {} : { inputs: Number(synthetic[1]) };
    return await openDataset({ data: [], format: "synthetic", limit, synthetic: inputs });
  }
  return await openDataset({
    data,
    format: values.format === "auto" ? undefined : values.format,
    schema: values.schema === undefined ? undefined : await readSchema(values.schema),
    labels: "optional",
    limit,
    maxIndexRange: values.maxIndRange,
    minCount: values.minCount,
    seed: values.dataSeed,
    badRows: values.badRows,
    cacheDirectory: values.cache,
    memoryBudget: MEMORY,
    signal: hooks.signal,
    onProgress: hooks.onPreparation,
  });
}

function parseBudget(text: string): number {
  const mib = Number(text);
  if (!/^(\d+\.?\d*|\.\d+)$/.test(text) || !(mib > 0)) {
    throw new UsageError(`Cannot use --budgets ${text}: it is not a positive number of MiB`);
  }
  return mib;
}
