/**
 * The model that a log's format asks for, where the command line names none.
 *
 * @module
 */

import { findTextFiles } from "../../data/prepare.ts";
import { recognise } from "../../data/recognise.ts";
import type { PresetName } from "../model/presets.ts";
import { parseTrainOptions, type TrainCommandLine } from "./options.ts";

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
  if (line.kind !== "train" || line.given.model) return line;
  const { data, format, schema, model } = line.command;
  if (data.kind !== "files" || schema !== null) return line;
  const known = format === "auto"
    ? (await recognise(await findTextFiles(data.paths))).format
    : format;
  const preset = PRESET_OF_FORMAT[known] ?? model;
  // Widths on the command line were chosen for the usual model, and sequences fit none but their own.
  if (preset === model || (line.given.shape && preset !== "rm1")) return line;
  const chosen = parseTrainOptions([...args, "--model", preset]);
  if (chosen.kind !== "train") return chosen;
  return {
    ...chosen,
    notes: [...chosen.notes, `Model ${preset}, because the log is ${known}; --model names another`],
  };
}
