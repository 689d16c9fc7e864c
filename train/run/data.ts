/**
 * The data set of a run.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import { openDataset } from "../../data/open.ts";
import { readSchema } from "../../data/schema/read_schema.ts";
import type { ColumnScales } from "../../data/standardise.ts";
import type { Dataset } from "../../data/types.ts";
import { type DlrmPreset, isTbsmPreset, PRESETS } from "../model/presets.ts";
import type { RunHooks } from "./hooks.ts";
import { type DataSettings, isDataset, type ModelSettings } from "./options.ts";

/** Rows that a generated table has at most: enough to be skewed, few enough to be learned from 100,000 inputs. */
const SYNTHETIC_ROWS = 10_000;

/** A run's data set. It is closed with the run, unless it was open before. */
export interface RunData extends Disposable {
  readonly dataset: Dataset;
}

/**
 * Opens the data set.
 *
 * @param model Generated data fill its tables.
 * @param seed Of the run: generated data are drawn from it.
 * @param whole Whether all inputs of a log are to be scored, none to be trained.
 * @param scales Of standardised columns, where a model was trained on others' inputs before.
 * @throws {UserError} As `openDataset`; the model takes sequences and generated data have none.
 */
export async function openRunData(
  data: DataSettings | Dataset,
  model: ModelSettings,
  seed: number,
  hooks: Pick<RunHooks, "onPreparation" | "signal">,
  whole = false,
  scales?: ColumnScales,
): Promise<RunData> {
  if (isDataset(data)) return { dataset: data, [Symbol.dispose]: () => {} };
  const dataset = await openSource(data, model, seed, hooks, whole, scales);
  return { dataset, [Symbol.dispose]: () => dataset.close() };
}

async function openSource(
  data: DataSettings,
  model: ModelSettings,
  seed: number,
  { onPreparation, signal }: Pick<RunHooks, "onPreparation" | "signal">,
  whole: boolean,
  scales: ColumnScales | undefined,
): Promise<Dataset> {
  const { source } = data;
  const limit = data.limit ?? undefined;
  if (source.kind === "synthetic") {
    const preset = PRESETS[model.preset];
    if (isTbsmPreset(preset)) {
      throw new UsageError((option) =>
        `Cannot use ${option("data")} synthetic with ${
          option("model.preset")
        } ${preset.name}: it generates single inputs and the model takes sequences of time steps, so give Taobao's log or a twin of it`
      );
    }
    return await openDataset({
      data: [],
      format: "synthetic",
      limit,
      synthetic: {
        denseColumns: model.shape.bottom?.[0] ?? preset.dense,
        tableRows: syntheticRows(preset, model),
        seed,
        ...(source.inputs === null ? {} : { inputs: source.inputs }),
      },
    });
  }
  return await openDataset({
    data: source.kind === "twin" ? [source.source] : source.paths,
    format: data.format === "auto" ? undefined : data.format,
    schema: typeof data.schema === "string"
      ? await readSchema(data.schema)
      : data.schema ?? undefined,
    ...(data.test.length === 0 ? {} : { test: data.test }),
    ...(data.validation.length === 0 ? {} : { validation: data.validation }),
    limit,
    maxIndexRange: data.maxIndexRange ?? 0,
    minCount: data.minCount,
    seed: data.seed,
    leak: data.leak,
    whole,
    scales,
    badRows: data.badRows,
    cacheDirectory: data.cache,
    onProgress: onPreparation,
    signal,
  });
}

/** A generated data set fills the tables that are asked for; by default the preset's, capped. */
function syntheticRows(
  preset: DlrmPreset,
  { shape: { tables } }: ModelSettings,
): readonly number[] {
  if (tables === "published") return preset.tableRows;
  if (tables !== undefined && tables !== "data") return tables;
  return preset.tableRows.map((rows) => Math.min(rows, SYNTHETIC_ROWS));
}
