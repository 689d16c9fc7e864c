/**
 * The end of a model in one launch: its last layer, of one output, the loss, and the layer's gradients.
 *
 * @module
 */

import mathSource from "../../bce/math.wgsl" with { type: "text" };
import type { BceArgs } from "../../bce/op.ts";
import type { WeightParts } from "../../linear/grouped_webgpu.ts";
import type {
  LinearBackwardInputArgs,
  LinearBackwardWeightsArgs,
  LinearForwardArgs,
} from "../../linear/op.ts";
import type { DeviceBuffer, Matrix } from "../../types.ts";
import { composeKernel, type LaunchContext } from "../kernel.ts";
import source from "./head.wgsl" with { type: "text" };
import { samePlace } from "./places.ts";
import type { RecordedOp } from "./plan.ts";
import type { LossParts } from "./update.ts";

/** What the four ops have for arguments. */
export interface HeadArgs extends BceArgs {
  /** The layer's input, its weights (one row) and bias. */
  readonly x: Matrix;
  readonly w: Matrix;
  readonly bias: Matrix;
  /** Their gradients. */
  readonly dx: Matrix;
  readonly dw: Matrix;
  readonly db: Matrix;
  /** Whether the input came out of a ReLU. */
  readonly masked: boolean;
}

/** Workgroups at most, as long as each has few rows enough for its memory: the update adds up a part of each. */
const MOST_GROUPS = 64;

/** Rows of a workgroup: at least so many that all its threads have work, and no more than head.wgsl has memory for. */
const LEAST_ROWS = 8, MOST_ROWS = 1024;

const kernel = composeKernel({
  name: "last layer and loss",
  params: {
    rows: "u32",
    cols: "u32",
    // Rows of one workgroup.
    group_rows: "u32",
    x: "place",
    w_offset: "u32",
    bias_offset: "u32",
    labels: "place",
    input_weights: "place",
    logits: "place",
    dlogits: "place",
    dx: "place",
    // Places of the workgroups' parts of the weights' gradients with the bias's behind, floats from one to the next; and of
    // two floats a workgroup: its part of the loss, and whether a logit is not finite.
    parts: "u32",
    parts_pitch: "u32",
    losses: "u32",
  },
  buffers: {
    x: "read f32",
    weights: "read f32",
    labels: "read f32",
    input_weights: "read f32",
    logits: "write f32",
    dlogits: "write f32",
    dx: "write f32",
    parts: "write f32",
  },
  sources: [mathSource, source],
});

/** The four ops from number `i` on, if they are the end of a model and can be one launch; else null. */
export function matchHead(ops: readonly RecordedOp[], i: number): HeadArgs | null {
  const names = ["linear-forward", "bce", "linear-backward-weights", "linear-backward-input"];
  if (names.some((name, j) => ops[i + j]?.op.name !== name)) return null;
  const forward = ops[i]!.args as LinearForwardArgs, loss = ops[i + 1]!.args as BceArgs;
  const weights = ops[i + 2]!.args as LinearBackwardWeightsArgs;
  const input = ops[i + 3]!.args as LinearBackwardInputArgs;
  const { x, w, bias, y, relu } = forward, { dlogits } = loss, { dx, mask } = input;
  const chained = w.rows === 1 && x.rows > 0 && !relu && samePlace(y, loss.logits) &&
    samePlace(weights.dy, dlogits) && samePlace(input.dy, dlogits) && samePlace(weights.x, x) &&
    samePlace(input.w, w) && (mask === null || samePlace(mask, x));
  if (!chained) return null;
  const { dw, db } = weights;
  const head = { ...loss, x, w, bias, dx, dw, db, masked: mask !== null };
  return canBind(head) ? head : null;
}

/** WebGPU binds no buffer for writing that is bound otherwise too; weights and bias take one binding. */
function canBind({ x, w, bias, labels, weights, logits, dlogits, dx }: HeadArgs): boolean {
  const read = new Set<DeviceBuffer>([x, w, labels, ...weights === null ? [] : [weights]]
    .map(({ buffer }) => buffer));
  const written = new Set<DeviceBuffer>([logits, dlogits, dx].map(({ buffer }) => buffer));
  return w.buffer === bias.buffer && written.size === 3 && read.isDisjointFrom(written);
}

/** Appends the launch; gives what it leaves for the update. */
export function launchHead(
  context: LaunchContext,
  head: HeadArgs,
): { weights: WeightParts; loss: LossParts } {
  const { x, w, bias, labels, weights, logits, dlogits, dx, dw, db, masked, losses, slot } = head;
  const [rows, cols] = [x.rows, x.cols];
  const wanted = Math.max(LEAST_ROWS, Math.ceil(rows / MOST_GROUPS));
  const groupRows = Math.min(MOST_ROWS, wanted);
  const groups = Math.ceil(rows / groupRows);
  const parts = context.keep(groups * (cols + 1)), lossParts = context.keep(2 * groups);
  context.launch(kernel.launch({
    overrides: { WEIGHTED: Number(weights !== null), MASKED: Number(masked) },
    params: {
      ...{ rows, cols, group_rows: groupRows, x, labels, logits, dlogits, dx },
      w_offset: w.offset,
      bias_offset: bias.offset,
      input_weights: weights,
      parts,
      parts_pitch: cols + 1,
      losses: lossParts,
    },
    buffers: {
      x: context.matrix(x),
      weights: context.matrix(w),
      labels: context.matrix(labels),
      input_weights: weights === null ? "unused" : context.matrix(weights),
      logits: context.matrix(logits),
      dlogits: context.matrix(dlogits),
      dx: context.matrix(dx),
      parts: "kept",
    },
    groups,
  }));
  return {
    weights: { dw, db, parts: groups, place: parts, pitch: cols + 1 },
    loss: { losses, slot, rows, parts: groups, place: lossParts },
  };
}
