/**
 * `deno task data fit FILE… --out params.json`: fits a twin to a log and says how good it is.
 *
 * @module
 */

import { LOG_FLAGS } from "./flags.ts";
import { writeFileWhole } from "../core/files.ts";
import { formatSealed } from "../core/json_file.ts";
import { type FlagTable, type FlagValues, formatHelp, QUIET_FLAG } from "../core/flags.ts";
import { checkOutputFile } from "../core/outputs.ts";
import type { CommandHooks } from "./command.ts";
import { readSchema } from "./schema/read_schema.ts";
import { fitLog } from "./twin/fit_log.ts";
import { goodnessMarkdown, plotGoodness } from "./twin/goodness.ts";
import { WORKLOAD_NAMES } from "./twin/workloads.ts";

/** Flags of `deno task data fit`. */
export const FIT_FLAGS = {
  data: {
    type: "paths",
    required: true,
    positional: true,
    group: "Data",
    valueName: "FILE…",
    help: "Click logs in order, as of deno task data profile. The flag's name may be left out",
  },
  format: LOG_FLAGS.format,
  schema: LOG_FLAGS.schema,
  limit: LOG_FLAGS.limit,
  badRows: LOG_FLAGS.badRows,
  cache: LOG_FLAGS.cache,
  workload: {
    type: "choice",
    choices: WORKLOAD_NAMES,
    group: "Fit",
    defaultText: "none: the files are the whole data set",
    help:
      "The files are a sample of this workload's data set: take its published sizes and click rate",
  },
  name: {
    type: "string",
    group: "Fit",
    defaultText: "the workload's, else own",
    help: "What the twin is called; a model's name makes it the default model",
  },
  sample: {
    type: "number",
    integer: true,
    min: 2,
    group: "Fit",
    defaultText: "10000; 1000 of taobao",
    help: "Inputs, or users of taobao, to fit to, drawn from all parts of the files",
  },
  auc: {
    type: "number",
    above: 0.5,
    below: 1,
    group: "Fit",
    defaultText: "the workload's, else 0.8",
    help: "AUC that the planted clicks let a well-trained model reach",
  },
  seed: {
    type: "number",
    integer: true,
    min: 0,
    max: 0xffffffff,
    default: 1,
    group: "Fit",
    help: "Seed of what is sampled and of what is held back",
  },
  out: {
    type: "path",
    valueName: "FILE.json",
    required: true,
    group: "Files",
    help: "Write the parameters to this file, for --data twin:FILE.json",
  },
  plot: {
    type: "path",
    valueName: "FILE.svg",
    group: "Files",
    help: "Draw the goodness of fit to this file",
  },
  quiet: QUIET_FLAG,
} as const satisfies FlagTable;

/** Fits, writes, and returns the goodness of fit as text. */
export async function runFit(
  values: FlagValues<typeof FIT_FLAGS>,
  { signal, onPreparation }: CommandHooks,
): Promise<string> {
  checkOutputFile("--out", values.out);
  checkOutputFile("--plot", values.plot ?? null);
  const { parameters, goodness } = await fitLog({
    data: values.data,
    format: values.format === "auto" ? undefined : values.format,
    schema: values.schema === undefined ? undefined : await readSchema(values.schema),
    limit: values.limit,
    badRows: values.badRows,
    cacheDirectory: values.cache,
    workload: values.workload,
    name: values.name,
    sample: values.sample,
    learnableAuc: values.auc,
    seed: values.seed,
    signal,
    onProgress: onPreparation,
  });
  await writeFileWhole(values.out, formatSealed(parameters, 0));
  if (values.plot !== undefined) await writeFileWhole(values.plot, await plotGoodness(goodness));
  return goodnessMarkdown(goodness);
}

/** The help page. */
export function fitHelp(): string {
  return formatHelp(FIT_FLAGS, {
    command: "deno task data",
    about: "Fit a statistical twin to a log, and show how well inputs that were held back fit it",
    usage: "fit FILE… --out params.json [flags]",
    examples: [
      ["A log of one's own", "deno task data fit train.txt --out own.json --plot own.svg"],
      [
        "A sample of Criteo Kaggle, for a twin of the published size",
        "deno task data fit sample.tsv --workload rm2 --out rm2.json",
      ],
      ["Train on it", "deno task train --data twin:rm2.json --model rm2"],
    ],
  });
}
