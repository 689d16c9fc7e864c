/**
 * The model that a log's format asks for, where the command line names none.
 *
 * @module
 */

import { chooseFormat } from "../../data/choose_format.ts";
import { findTextFiles } from "../../data/prepare.ts";
import { type LogSchema, sequenceColumns } from "../../data/schema/log_schema.ts";
import { readSchema } from "../../data/schema/read_schema.ts";
import type { PresetName } from "../model/presets.ts";
import { isDataset } from "../run/options.ts";
import { checkOutputs } from "../run/outputs.ts";
import { parseTrainOptions, type TrainCommandLine } from "./parse.ts";

/** The models that were published with the logs. */
const PRESET_OF_FORMAT: Readonly<Record<string, PresetName>> = {
  "taobao": "rm1",
  "criteo-kaggle": "rm2",
  "criteo-terabyte": "rm3",
  "avazu": "rm4",
};

/** The model that takes sequences, where a schema has some. */
async function withSequences(
  line: TrainCommandLine,
  args: readonly string[],
  given: string | LogSchema,
): Promise<TrainCommandLine> {
  const schema = typeof given === "string" ? await readSchema(given) : given;
  if (sequenceColumns(schema).length === 0) return line;
  const chosen = parseTrainOptions([...args, "--model", "rm1"]);
  if (chosen.kind !== "train") return chosen;
  const note = "Model rm1, because the inputs are sequences; --model names another";
  return { ...chosen, notes: [...chosen.notes, note] };
}

/**
 * Parses the command line of `deno task train`. If it names no model, the files decide: the model published with their
 * format is taken, and a note says so.
 *
 * @throws {UserError} The command line is wrong, or a file cannot be read or is of no known format.
 */
export async function parseTrainCommand(args: readonly string[]): Promise<TrainCommandLine> {
  const line = parseTrainOptions(args);
  if (line.kind !== "train" || line.named.model) return line;
  const { data, outputs, model: { preset: usual } } = line.settings;
  if (isDataset(data) || data.source.kind !== "files") return line;
  if (data.schema !== null) return await withSequences(line, args, data.schema);
  // Outputs that cannot be written are found before any input file is opened.
  checkOutputs(outputs);
  const known = data.format === "auto"
    ? (await chooseFormat(await findTextFiles(data.source.paths))).format
    : data.format;
  const preset = PRESET_OF_FORMAT[known] ?? usual;
  // Widths on the command line were chosen for the default model, and no other model takes sequences.
  if (preset === usual || (line.named.shape && preset !== "rm1")) return line;
  const chosen = parseTrainOptions([...args, "--model", preset]);
  if (chosen.kind !== "train") return chosen;
  return {
    ...chosen,
    notes: [...chosen.notes, `Model ${preset}, because the log is ${known}; --model names another`],
  };
}
