/**
 * The kinds of model, told apart by their shapes.
 *
 * @module
 */

import type { Device } from "../../kernels/types.ts";
import { Dlrm, type DlrmShape } from "./dlrm.ts";
import type { Model } from "./model.ts";
import { Tbsm, type TbsmShape } from "./tbsm.ts";
import type { ShapeOverrides } from "./presets.ts";
import type { ModelOptions } from "./tower_model.ts";

/** Shape of a DLRM or of a TBSM, which alone has steps. */
export type ModelShape = DlrmShape | TbsmShape;

/** A shape as documents hold it. */
export interface ShapeDocument {
  /** Rows of each embedding table, in the order of `emb_l`. */
  readonly table_rows: readonly number[];
  /** Lookups of an input in each table at most; absent for one each. */
  readonly lookups?: readonly number[];
  /** Floats in an embedding row. */
  readonly dim: number;
  /** Widths of the bottom MLP: dense columns first, `dim` last. */
  readonly bottom: readonly number[];
  /** Widths of the top MLP: dim + F(F-1)/2 first with F = tables + 1; 1 last, for a TBSM the floats of a step's vector. */
  readonly top: readonly number[];
  /** TBSM: time steps of an input. */
  readonly steps?: number;
  /** TBSM: widths of the attention MLP. */
  readonly attention?: readonly number[];
  /** TBSM: widths of the final MLP. */
  readonly final?: readonly number[];
}

/** Whether a shape is a TBSM's. */
export function isTbsm(shape: ModelShape): shape is TbsmShape {
  return "steps" in shape;
}

/**
 * Makes the model of a shape, zero-filled; initialise it or load weights before training.
 *
 * @category Models
 */
export function createModel(device: Device, shape: ModelShape, options: ModelOptions): Model {
  return isTbsm(shape) ? new Tbsm(device, shape, options) : new Dlrm(device, shape, options);
}

/** A shape as documents hold it. */
export function shapeDocument(shape: ModelShape): ShapeDocument {
  const { tableRows, lookups, dim, bottom, top } = shape;
  const tower = {
    table_rows: tableRows,
    ...(lookups === undefined ? {} : { lookups }),
    dim,
    bottom,
    top,
  };
  if (!isTbsm(shape)) return tower;
  const { steps, attention, final } = shape;
  return { ...tower, steps, attention, final };
}

/** The shape that a document holds. */
export function documentShape(document: ShapeDocument): ModelShape {
  const { table_rows: tableRows, lookups, dim, bottom, top, steps, attention, final } = document;
  const tower = { tableRows, ...(lookups === undefined ? {} : { lookups }), dim, bottom, top };
  if (steps === undefined) return tower;
  return { ...tower, steps, attention: attention!, final: final! };
}

/** The widths and table sizes that make a preset's shape this one. */
export function shapeOverrides(shape: ModelShape): ShapeOverrides {
  const { tableRows, dim, bottom, top } = shape;
  const tower = { dim, bottom, top, tables: tableRows };
  if (!isTbsm(shape)) return tower;
  return { ...tower, attention: shape.attention.slice(1, -1), final: shape.final };
}
