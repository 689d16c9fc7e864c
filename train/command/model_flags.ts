/**
 * Flags that say which model to train.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import type { FlagTable, FlagValues } from "../../core/flags.ts";
import { MOST_TWIN_BYTES } from "../../data/twin/open.ts";
import { parseTwinSource } from "../../data/twin/source.ts";
import { WORKLOAD_NAMES } from "../../data/twin/workloads.ts";
import type { PresetName, ShapeOverrides } from "../model/presets.ts";
import type { DataSource, ModelChoice } from "../run/options.ts";
import type { Given } from "./data_flags.ts";
import { NORMALIZE_FLAG } from "./plan_flags.ts";

/** A preset and what replaces parts of it. */
export const MODEL_FLAGS = {
  model: {
    type: "choice",
    choices: WORKLOAD_NAMES,
    defaultText: "the twin's or the format's, else rm2",
    group: "Model",
    help:
      "Preset: rm1 is TBSM on Taobao, rm2 is DLRM on Criteo Kaggle, rm3 on Criteo Terabyte, rm4 on Avazu; the flags below replace parts of it",
  },
  embeddingDim: {
    type: "number",
    integer: true,
    min: 1,
    aliases: ["arch-sparse-feature-size"],
    group: "Model",
    defaultText: "by model",
    help: "Floats in an embedding row",
  },
  bottom: {
    type: "ints",
    minItems: 2,
    aliases: ["arch-mlp-bot"],
    valueName: "13-512-…-16",
    group: "Model",
    defaultText: "by model",
    help: "Widths of the bottom MLP, from the dense columns to the embedding dim",
  },
  top: {
    type: "ints",
    aliases: ["arch-mlp-top"],
    valueName: "512-256-1",
    group: "Model",
    defaultText: "by model",
    help:
      "Widths of the top MLP down to 1 (rm1: to the floats of a step's vector); the first one is computed and may be left out",
  },
  attention: {
    type: "ints",
    aliases: ["tsl-mlp"],
    valueName: "15-15",
    group: "Model",
    defaultText: "by model",
    help: "rm1: widths of the attention MLP between the steps of history it starts and ends with",
  },
  final: {
    type: "ints",
    aliases: ["arch-mlp"],
    valueName: "60-1",
    group: "Model",
    defaultText: "by model",
    help: "rm1: widths of the final MLP down to 1; the first one is computed and may be left out",
  },
  tables: {
    type: "string",
    default: "data",
    valueName: "data|published|N-N-…",
    aliases: ["arch-embedding-size"],
    group: "Model",
    help: "Rows of the tables: the data's vocabulary, the model's published sizes, or these",
  },
  normalize: NORMALIZE_FLAG,
} as const satisfies FlagTable;

/** The model that flags ask for; by default that of the twin, else rm2. */
export function modelOf(
  values: FlagValues<typeof MODEL_FLAGS>,
  given: Given,
  source: DataSource,
  weights: string | undefined,
): ModelChoice {
  return {
    preset: values.model ?? presetOf(source) ?? "rm2",
    shape: {
      dim: values.embeddingDim,
      bottom: values.bottom,
      top: values.top,
      attention: values.attention,
      final: values.final,
      tables: parseTables(values.tables, given.get("tables")),
    },
    normalisation: values.normalize,
    weights,
  };
}

/** The preset that a twin or a twin's parameter file names. */
function presetOf(source: DataSource): PresetName | null {
  if (source.kind !== "twin") return null;
  const { twin } = parseTwinSource(source.source)!;
  let name: unknown = twin;
  if (twin.endsWith(".json")) {
    try {
      const { isFile, size } = Deno.statSync(twin);
      if (isFile && size <= MOST_TWIN_BYTES) name = JSON.parse(Deno.readTextFileSync(twin))?.name;
    } catch {
      // The error comes later, when the file is opened as data.
    }
  }
  return WORKLOAD_NAMES.find((preset) => preset === name) ?? null;
}

function parseTables(text: string, spelling: string | undefined): ShapeOverrides["tables"] {
  if (text === "data" || text === "published") return text;
  if (!/^\d+(-\d+)*$/.test(text)) {
    throw new UsageError(
      `Cannot use ${spelling} ${text}: it must be data, published or numbers such as 1460-583-305`,
    );
  }
  return text.split("-").map(Number);
}
