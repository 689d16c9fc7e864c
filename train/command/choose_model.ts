/**
 * The model that a log's format asks for, where the command line names none.
 *
 * @module
 */

import { chooseFormat } from "../../data/choose_format.ts";
import { findTextFiles } from "../../data/prepare.ts";
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

/**
 * Understands the command line of `deno task train` and looks at the files for what it leaves open: the model that was
 * published with their format, which a note then names.
 *
 * @throws {UserError} The command line is wrong, or a file cannot be read or is of no known format.
 */
export async function parseTrainCommand(args: readonly string[]): Promise<TrainCommandLine> {
  const line = parseTrainOptions(args);
  if (line.kind !== "train" || line.named.model) return line;
  const { data, outputs, model: { preset: usual } } = line.settings;
  if (isDataset(data) || data.source.kind !== "files" || data.schema !== null) return line;
  // What cannot be written is found out before any file is looked at.
  checkOutputs(outputs);
  const known = data.format === "auto"
    ? (await chooseFormat(await findTextFiles(data.source.paths))).format
    : data.format;
  const preset = PRESET_OF_FORMAT[known] ?? usual;
  // Widths on the command line were chosen for the usual model, and sequences fit none but their own.
  if (preset === usual || (line.named.shape && preset !== "rm1")) return line;
  const chosen = parseTrainOptions([...args, "--model", preset]);
  if (chosen.kind !== "train") return chosen;
  return {
    ...chosen,
    notes: [...chosen.notes, `Model ${preset}, because the log is ${known}; --model names another`],
  };
}
