/**
 * The published models and how their widths meet a data set.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import { RM1_SIZES, TWIN_WORKLOADS, type WorkloadName } from "../../data/twin/workloads.ts";
import type { TableSchema } from "../../data/types.ts";
import { interactionWidth } from "../../kernels/interaction/record.ts";
import type { DlrmShape } from "./dlrm.ts";
import { isTbsm, type ModelShape } from "./models.ts";
import type { OptimizerName } from "./optimizers.ts";

/** The name of a preset: its workload's. */
export type PresetName = WorkloadName;

/** A published model and its default settings for training. */
export interface DlrmPreset {
  /** What flags call it. */
  readonly name: PresetName;
  /** Model and data set, for messages. */
  readonly title: string;
  /** Dense columns. */
  readonly dense: number;
  /** Published rows of each embedding table. */
  readonly tableRows: readonly number[];
  /** Floats in an embedding row. */
  readonly dim: number;
  /** Widths of the bottom MLP, from the dense columns to `dim`. */
  readonly bottom: readonly number[];
  /** Widths of the top MLP after its computed first one, down to 1. */
  readonly top: readonly number[];
  /** Inputs in a minibatch. */
  readonly batch: number;
  /** Learning rate of `optimizer`. */
  readonly learningRate: number;
  /** What updates tables and MLPs. */
  readonly optimizer: OptimizerName;
  /** Where the figures come from, and which are ours. */
  readonly source: string;
}

/** A published model over sequences. Its `top` ends in the floats of a step's vector. */
export interface TbsmPreset extends DlrmPreset {
  /** Widths of the attention MLP between its first and its last one, which are the steps of history. */
  readonly attention: readonly number[];
  /** Widths of the final MLP after its computed first one, down to 1. */
  readonly final: readonly number[];
}

/**
 * The presets. The DLRMs train by SGD at learning rate 0.1, the one that DLRM's Criteo scripts set
 * (`bench/dlrm_s_criteo_kaggle.sh`, minibatch 128; `bench/dlrm_s_criteo_terabyte.sh`, minibatch 2048); DLRM's
 * default of 0.01, which Slipstream's Kaggle script leaves in force at minibatch 1024, learns ten times slower.
 */
export const PRESETS: Readonly<Record<PresetName, DlrmPreset>> & { readonly rm1: TbsmPreset } = {
  rm1: {
    name: "rm1",
    title: "TBSM on Taobao",
    dense: 1,
    tableRows: [RM1_SIZES.users, RM1_SIZES.items, RM1_SIZES.categories],
    dim: 16,
    bottom: [1, 16],
    top: [15, 15],
    attention: [15, 15],
    final: [60, 1],
    batch: 256,
    learningRate: 0.05,
    optimizer: "adagrad",
    source:
      "widths, table sizes, minibatch, optimizer and learning rate: Slipstream TBSM/tbsm_slipstream.py and TBSM's tbsm_pytorch.py",
  },
  rm2: {
    name: "rm2",
    title: "DLRM on Criteo Kaggle",
    dense: 13,
    tableRows: TWIN_WORKLOADS.rm2.distinct,
    dim: 16,
    bottom: [13, 512, 256, 64, 16],
    top: [512, 256, 1],
    batch: 1024,
    learningRate: 0.1,
    optimizer: "sgd",
    source:
      "widths: DLRM bench/dlrm_s_criteo_kaggle.sh; table sizes: Slipstream tools/visualize.py; minibatch: Slipstream run_slipstream.sh",
  },
  rm3: {
    name: "rm3",
    title: "DLRM on Criteo Terabyte",
    dense: 13,
    tableRows: TWIN_WORKLOADS.rm3.distinct,
    dim: 64,
    bottom: [13, 512, 256, 64],
    top: [512, 512, 256, 1],
    batch: 2048,
    learningRate: 0.1,
    optimizer: "sgd",
    source:
      "widths and minibatch: DLRM bench/dlrm_s_criteo_terabyte.sh; table sizes: Slipstream tools/visualize.py (24 days, ids modulo 10,000,000)",
  },
  rm4: {
    name: "rm4",
    title: "DLRM on Avazu",
    dense: 1,
    tableRows: TWIN_WORKLOADS.rm4.distinct,
    dim: 16,
    bottom: [1, 512, 256, 64, 16],
    top: [512, 256, 1],
    batch: 1024,
    learningRate: 0.1,
    optimizer: "sgd",
    source:
      "one dense column: Slipstream's Avazu loader; table sizes: public analyses of the data set, not verified against it; widths, dim and minibatch are not published and follow rm2 here",
  },
};

/** What of a preset is replaced. */
export interface ShapeOverrides {
  /** Floats in an embedding row. */
  readonly dim?: number | undefined;
  /** Widths of the bottom MLP, the dense columns first and `dim` last. */
  readonly bottom?: readonly number[] | undefined;
  /** Widths of the top MLP, with or without its computed first one. */
  readonly top?: readonly number[] | undefined;
  /** TBSM: widths of the attention MLP between its first and its last one. */
  readonly attention?: readonly number[] | undefined;
  /** TBSM: widths of the final MLP, with or without its computed first one. */
  readonly final?: readonly number[] | undefined;
  /** Rows of the tables: the data set's vocabulary (the default), the preset's published sizes, or these. */
  readonly tables?: "data" | "published" | readonly number[] | undefined;
}

/** What of a data set decides a model's shape; a `DatasetSchema` will do. */
export interface ShapeSource {
  /** Names of the dense columns. */
  readonly dense: readonly string[];
  /** Names and different ids of the tables. */
  readonly tables: readonly TableSchema[];
  /** Time steps of an input where inputs are sequences. */
  readonly steps?: number;
}

/**
 * Fits the widths of a preset to a data set.
 *
 * @param preset The model.
 * @param source The data set's columns.
 * @param overrides Widths and table sizes that replace the preset's.
 * @returns A shape in which all widths agree: the bottom MLP runs from the dense columns to `dim`, the top MLP from
 * the interaction's width to 1, and every table has at least the data set's ids; of a TBSM, the top MLP to the floats of
 * a step's vector, the attention MLP over the steps but the last, the final MLP from two such vectors to 1.
 * @throws {UsageError} Widths that do not agree; the field to change is named.
 * @category Models
 */
export function resolveShape(
  preset: DlrmPreset,
  source: ShapeSource,
  overrides: ShapeOverrides = {},
): ModelShape {
  const steps = requireSteps(preset, source.steps);
  const dim = overrides.dim ?? preset.dim;
  requireWidths("model.shape.dim", [dim], 1);
  const bottom = resolveBottom(preset, source.dense.length, dim, overrides);
  const computed = interactionWidth(source.tables.length + 1, dim);
  const sequences = isTbsmPreset(preset);
  const top = overrides.top ?? preset.top;
  requireWidths("model.shape.top", top, 1);
  if (!sequences) requireLogit("model.shape.top", top);
  const tower: DlrmShape = {
    tableRows: resolveTables(preset, source, overrides.tables ?? "data"),
    ...(source.tables.every(({ lookups = 1 }) => lookups === 1)
      ? {}
      : { lookups: source.tables.map(({ lookups = 1 }) => lookups) }),
    dim,
    bottom,
    top: withComputed(top, computed, overrides.top !== undefined),
  };
  if (!sequences || steps === null) {
    for (const field of ["attention", "final"] as const) {
      const widths = overrides[field];
      if (widths !== undefined) {
        throw new UsageError((option) =>
          `Cannot use ${option(`model.shape.${field}`)} ${dashed(widths)}: ${
            option("model.preset")
          } ${preset.name} has no such MLP`
        );
      }
    }
    return tower;
  }
  const attention = overrides.attention ?? preset.attention;
  requireWidths("model.shape.attention", attention, 0);
  const final = overrides.final ?? preset.final;
  requireWidths("model.shape.final", final, 1);
  requireLogit("model.shape.final", final);
  const width = tower.top.at(-1)!;
  if (width < 2) {
    throw new UsageError((option) =>
      `Cannot use ${option("model.shape.top")} ${
        dashed(top)
      }: the last width is ${width} and must be at least 2, since a step's vector is scaled to length 1`
    );
  }
  return {
    ...tower,
    steps,
    attention: [steps - 1, ...attention, steps - 1],
    final: withComputed(final, 2 * width, overrides.final !== undefined),
  };
}

/**
 * Number of trained parameters.
 *
 * @category Models
 */
export function countParameters(shape: ModelShape): { dense: number; embedding: number } {
  const mlps = [shape.bottom, shape.top];
  let dense = 0;
  if (isTbsm(shape)) {
    mlps.push(shape.attention, shape.final);
    dense = shape.top.at(-1)! ** 2;
  }
  for (const widths of mlps) {
    for (let i = 1; i < widths.length; i++) dense += (widths[i - 1]! + 1) * widths[i]!;
  }
  return { dense, embedding: shape.dim * shape.tableRows.reduce((sum, rows) => sum + rows, 0) };
}

function resolveBottom(
  preset: DlrmPreset,
  dense: number,
  dim: number,
  overrides: ShapeOverrides,
): readonly number[] {
  const bottom = overrides.bottom ?? preset.bottom;
  requireWidths("model.shape.bottom", bottom, 2);
  if (bottom[0] !== dense) {
    const right = dashed([dense, ...bottom.slice(1, -1), dim]);
    throw new UsageError((option) => {
      const chosen = overrides.bottom === undefined
        ? `${option("model.preset")} ${preset.name}`
        : `${option("model.shape.bottom")} ${dashed(bottom)}`;
      return `Cannot use ${chosen}: its bottom MLP takes ${
        bottom[0]
      } dense columns and the data has ${dense}, so give ${
        option("model.shape.bottom")
      } ${right} or another ${option("model.preset")}`;
    });
  }
  if (bottom.at(-1) !== dim) {
    const right = dashed([...bottom.slice(0, -1), dim]);
    throw new UsageError((option) =>
      `Cannot use ${option("model.shape.dim")} ${dim}: the bottom MLP ${dashed(bottom)} ends in ${
        bottom.at(-1)
      } and must end in the embedding dim, so give ${option("model.shape.bottom")} ${right} or ${
        option("model.shape.dim")
      } ${bottom.at(-1)}`
    );
  }
  return bottom;
}

/** Whether a preset is a TBSM's. */
export function isTbsmPreset(preset: DlrmPreset | TbsmPreset): preset is TbsmPreset {
  return "attention" in preset;
}

/** The steps of the data's inputs, which must be sequences for a TBSM and for no other model; null without. */
function requireSteps(preset: DlrmPreset | TbsmPreset, steps: number | undefined): number | null {
  if (isTbsmPreset(preset) !== (steps !== undefined)) {
    throw new UsageError((option) =>
      `Cannot use ${option("model.preset")} ${preset.name}: it takes ${
        steps === undefined
          ? `sequences of time steps and the data has none, so give Taobao's log or a twin of it`
          : `single inputs and the data has sequences of ${steps} time steps, so give ${
            option("model.preset")
          } rm1`
      }`
    );
  }
  if (steps !== undefined && steps < 2) {
    throw new UsageError((option) =>
      `Cannot use ${
        option("model.preset")
      } ${preset.name}: the data's sequences have ${steps} time step and it needs 2 at least`
    );
  }
  return steps ?? null;
}

function requireLogit(field: string, widths: readonly number[]): void {
  if (widths.at(-1) !== 1) {
    throw new UsageError((option) =>
      `Cannot use ${option(field)} ${dashed(widths)}: the last width is ${
        widths.at(-1)
      } and must be 1, the logit`
    );
  }
}

/** A first width that equals the computed one is taken as such; DLRM's command lines leave it out. */
function withComputed(
  widths: readonly number[],
  computed: number,
  given: boolean,
): readonly number[] {
  return given && widths.length > 1 && widths[0] === computed ? widths : [computed, ...widths];
}

function resolveTables(
  preset: DlrmPreset,
  source: ShapeSource,
  tables: "data" | "published" | readonly number[],
): readonly number[] {
  if (tables === "data") return source.tables.map((table) => table.rows);
  const chosen = tables === "published" ? "published" : dashed(tables);
  const rows = tables === "published" ? preset.tableRows : tables;
  requireWidths("model.shape.tables", rows, 1);
  if (rows.length !== source.tables.length) {
    throw new UsageError((option) =>
      `Cannot use ${
        option("model.shape.tables")
      } ${chosen}: it gives ${rows.length} tables and the data has ${source.tables.length}`
    );
  }
  for (const [t, table] of source.tables.entries()) {
    if (rows[t]! < table.rows) {
      throw new UsageError((option) =>
        `Cannot use ${option("model.shape.tables")} ${chosen}: table ${table.name} would have ${
          rows[t]
        } rows and the data has ${table.rows} different ids`
      );
    }
  }
  return rows;
}

function requireWidths(field: string, widths: readonly number[], least: number): void {
  if (widths.length < least || widths.some((width) => !Number.isSafeInteger(width) || width < 1)) {
    throw new UsageError((option) =>
      `Cannot use ${option(field)} ${dashed(widths)}: it must be ${
        least > 1 ? `at least ${least} ` : ""
      }whole numbers of at least 1`
    );
  }
}

function dashed(numbers: readonly number[]): string {
  return numbers.join("-");
}
