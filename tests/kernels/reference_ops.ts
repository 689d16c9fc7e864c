/**
 * The float64 references as a table of ops: what each does with the reference device's memory.
 *
 * @module
 */

import { bce } from "../../kernels/bce/reference.ts";
import {
  type Bags,
  embeddingBackward,
  embeddingForward,
} from "../../kernels/embedding/reference.ts";
import { interactionBackward, interactionForward } from "../../kernels/interaction/reference.ts";
import {
  linearBackwardInput,
  linearBackwardWeights,
  linearForward,
} from "../../kernels/linear/reference.ts";
import { normaliseBackward, normaliseForward } from "../../kernels/normalise/reference.ts";
import type { OpArgs, OpName } from "../../kernels/ops.ts";
import { sequenceBackward, sequenceDot, sequencePool } from "../../kernels/sequence/reference.ts";
import { checkHighestRow } from "../../kernels/shapes.ts";
import { sigmoidBackward, sigmoidForward } from "../../kernels/sigmoid/reference.ts";
import { inputScores, rowChange, staleLookups } from "../../kernels/staleness/reference.ts";
import { standardise } from "../../kernels/standardise/reference.ts";
import type { Matrix } from "../../kernels/types.ts";
import { applyOptimizer } from "../../kernels/update/reference.ts";
import {
  varianceNormBackward,
  varianceNormForward,
} from "../../kernels/variance_norm/reference.ts";
import {
  load,
  loadFloat,
  loadRows,
  own,
  ReferenceBuffer,
  ReferenceLookups,
  ReferenceTables,
  store,
} from "./reference_memory.ts";

/** The arithmetic of a reference device; a test replaces single functions to see whether others notice. */
export interface ReferenceOps {
  readonly linearForward: typeof linearForward;
  readonly linearBackwardInput: typeof linearBackwardInput;
  readonly linearBackwardWeights: typeof linearBackwardWeights;
  readonly interactionForward: typeof interactionForward;
  readonly interactionBackward: typeof interactionBackward;
  readonly embeddingForward: typeof embeddingForward;
  readonly embeddingBackward: typeof embeddingBackward;
  readonly normaliseForward: typeof normaliseForward;
  readonly normaliseBackward: typeof normaliseBackward;
  readonly sequenceDot: typeof sequenceDot;
  readonly sequencePool: typeof sequencePool;
  readonly sequenceBackward: typeof sequenceBackward;
  readonly sigmoidForward: typeof sigmoidForward;
  readonly sigmoidBackward: typeof sigmoidBackward;
  readonly standardise: typeof standardise;
  readonly rowChange: typeof rowChange;
  readonly inputScores: typeof inputScores;
  readonly staleLookups: typeof staleLookups;
  readonly varianceNormForward: typeof varianceNormForward;
  readonly varianceNormBackward: typeof varianceNormBackward;
  readonly bce: typeof bce;
  readonly applyOptimizer: typeof applyOptimizer;
}

/** The references as they are. */
export const REFERENCE_OPS: ReferenceOps = {
  linearForward,
  linearBackwardInput,
  linearBackwardWeights,
  interactionForward,
  interactionBackward,
  embeddingForward,
  embeddingBackward,
  normaliseForward,
  normaliseBackward,
  sequenceDot,
  sequencePool,
  sequenceBackward,
  sigmoidForward,
  sigmoidBackward,
  standardise,
  rowChange,
  inputScores,
  staleLookups,
  varianceNormForward,
  varianceNormBackward,
  bce,
  applyOptimizer,
};

/** Runs each op. */
export const REFERENCE_STEPS: {
  readonly [Name in OpName]: (ops: ReferenceOps, args: OpArgs[Name]) => void;
} = {
  "linear-forward"(ops, { x, w, bias, y, relu }) {
    const [M, K, N] = [x.rows, x.cols, w.rows];
    store(y, ops.linearForward(load(x), load(w), load(bias), M, K, N, relu));
  },
  "linear-backward-input"(ops, { dy, w, dx, mask }) {
    const gate = mask === null ? null : load(mask);
    const [M, K, N] = [dy.rows, w.cols, dy.cols];
    store(dx, ops.linearBackwardInput(load(dy), load(w), gate, M, K, N));
  },
  "linear-backward-weights"(ops, { dy, x, dw, db }) {
    const [M, K, N] = [dy.rows, x.cols, dy.cols];
    const grads = ops.linearBackwardWeights(load(dy), load(x), M, K, N);
    store(dw, grads.dw);
    store(db, grads.db);
  },
  "embedding-forward"(ops, args) {
    const tables = own(args.tables, ReferenceTables);
    const lookups = own(args.lookups, ReferenceLookups);
    const { out, firstSlot } = args;
    // A gather takes any flat row in any slot, as snapshots want it: every slot sees all tables.
    const bags = readBags("embedding-forward", tables, lookups, out.rows).map((bags, t) =>
      bags.map((bag) => bag.map((row) => row + tables.rowOffsets[t]!))
    );
    const all = Float64Array.from(tables.weights);
    const weights = tables.rows.map(() => all);
    store(
      slots(out, firstSlot, tables),
      ops.embeddingForward(weights, bags, out.rows, tables.dim),
    );
  },
  "embedding-backward"(ops, args) {
    const tables = own(args.tables, ReferenceTables);
    const lookups = own(args.lookups, ReferenceLookups);
    const { grad, firstSlot, optimizer, learningRate } = args;
    const weights = split(tables, tables.weights, tables.dim);
    const state = split(tables, tables.state, tables.stateWidth);
    ops.embeddingBackward(
      weights,
      state,
      readBags("embedding-backward", tables, lookups, grad.rows).map((bags, t) =>
        bags.map((bag) =>
          bag.filter((row) => lookups.current.updated.has(tables.rowOffsets[t]! + row))
        )
      ),
      grad.rows,
      tables.dim,
      load(slots(grad, firstSlot, tables)),
      optimizer,
      loadFloat(learningRate),
    );
    for (let t = 0; t < tables.rows.length; t++) {
      tables.weights.set(weights[t]!, tables.rowOffsets[t]! * tables.dim);
      tables.state.set(state[t]!, tables.rowOffsets[t]! * tables.stateWidth);
    }
  },
  "interaction-forward"(ops, { v, features, dim, r }) {
    store(r, ops.interactionForward(load(v), v.rows, features, dim));
  },
  "interaction-backward"(ops, { v, features, dim, dr, dv, maskFirst }) {
    store(
      dv,
      ops.interactionBackward(load(v), load(dr), v.rows, features, dim, maskFirst),
    );
  },
  "normalise-forward"(ops, { z, v }) {
    store(v, ops.normaliseForward(load(z), z.rows, z.cols));
  },
  "normalise-backward"(ops, { z, dv, dz, masked }) {
    store(dz, ops.normaliseBackward(load(z), load(dv), z.rows, z.cols, masked));
  },
  "sequence-dot"(ops, { h, steps, x, a }) {
    store(a, ops.sequenceDot(load(h), load(x), a.rows, steps, a.cols, h.cols));
  },
  "sequence-pool"(ops, { h, steps, y, tail, c }) {
    const behind = tail === null ? new Float64Array(0) : load(tail);
    const [B, S, D, T] = [y.rows, y.cols, h.cols, tail?.cols ?? 0];
    store(c, ops.sequencePool(load(h), load(y), behind, B, steps, S, D, T));
  },
  "sequence-backward"(ops, { y, da, x, dc, query, steps, dh }) {
    const [B, S, D] = [y.rows, y.cols, dh.cols];
    const others = query === null ? null : load(query);
    const [weights, scores] = [load(y), load(da)];
    const dSteps = ops.sequenceBackward(
      ...[weights, scores, load(x), load(dc)] as const,
      ...[others, B, steps, S, D] as const,
    );
    const written = S + Number(query !== null);
    const kept = load(dh);
    for (let b = 0; b < B; b++) {
      const [from, to] = [b * steps * D, (b * steps + written) * D];
      kept.set(dSteps.subarray(from, to), from);
    }
    store(dh, kept);
  },
  "sigmoid-forward"(ops, { x, y }) {
    store(y, ops.sigmoidForward(load(x)));
  },
  "sigmoid-backward"(ops, { y, dy, dx }) {
    store(dx, ops.sigmoidBackward(load(y), load(dy)));
  },
  "standardise"(ops, { x, mean, variance, eps, y }) {
    const centre = mean === null ? null : load(mean);
    store(y, ops.standardise(load(x), centre, load(variance), eps));
  },
  "row-change"(ops, { a, b, features, dim, change, accumulate }) {
    const written = { ...change, buffer: change.buffer, cols: a.rows * features };
    const before = accumulate ? load(written) : null;
    store(written, ops.rowChange(load(a), load(b), dim, before));
  },
  "input-scores"(ops, { scores, rows, layout, combine, out }) {
    store(out, ops.inputScores(load(scores), loadRows(rows), layout, combine));
  },
  "stale-lookups"(ops, { scores, threshold, rows, layout, out }) {
    const below = loadFloat(threshold);
    store(out, ops.staleLookups(load(scores), below, loadRows(rows), layout));
  },
  "variance-norm-forward"(ops, { x, dim, gain, eps, y }) {
    store(y, ops.varianceNormForward(load(x), dim, load(gain), load(eps)));
  },
  "variance-norm-backward"(ops, { x, dim, gain, eps, dy, dx, dgain }) {
    const of = [load(x), dim, load(gain), load(eps), load(dy)] as const;
    const gradients = ops.varianceNormBackward(...of);
    store(dx, gradients.dx);
    store(dgain, gradients.dgain);
  },
  "bce"(ops, { logits, labels, weights, dlogits, losses, slot }) {
    const of = weights === null ? null : load(weights);
    const { loss, dlogits: gradient } = ops.bce(load(logits), load(labels), of);
    const bits = new Uint32Array(own(slot.buffer, ReferenceBuffer).floats.buffer);
    own(losses.buffer, ReferenceBuffer).floats[losses.offset + bits[slot.index]!] = loss;
    store(dlogits, gradient);
  },
  "dense-update"(ops, { params, grads, state, optimizer, learningRate }) {
    const weights = load(params);
    const accumulator = state === null ? new Float64Array(0) : load(state);
    const rate = loadFloat(learningRate);
    ops.applyOptimizer(weights, load(grads), accumulator, optimizer, rate);
    store(params, weights);
    if (state !== null) store(state, accumulator);
  },
};

/** The vectors of all tables, without those before and after. */
function slots(m: Matrix, firstSlot: number, tables: ReferenceTables): Matrix {
  const { dim, rows } = tables;
  return { ...m, buffer: m.buffer, offset: m.offset + firstSlot * dim, cols: rows.length * dim };
}

/** A flat array over all tables' rows, one float64 copy a table. */
function split(tables: ReferenceTables, flat: Float32Array, width: number): Float64Array[] {
  return tables.rows.map((_, t) =>
    Float64Array.from(
      flat.subarray(tables.rowOffsets[t]! * width, tables.rowOffsets[t + 1]! * width),
    )
  );
}

function readBags(
  op: string,
  tables: ReferenceTables,
  lookups: ReferenceLookups,
  inputs: number,
): Bags {
  lookups.assertAlive();
  tables.assertAlive();
  const { bags, rows, offsets, highest } = lookups.current;
  checkHighestRow(op, highest, tables);
  if (bags !== inputs) {
    throw new RangeError(
      `Cannot run an embedding op: the lookups hold ${bags} inputs and should hold ${inputs}`,
    );
  }
  return tables.rows.map((_, t) =>
    Array.from({ length: bags }, (_, b) =>
      Array.from(
        rows.subarray(offsets[t * bags + b]!, offsets[t * bags + b + 1]!),
        (row) => row - tables.rowOffsets[t]!,
      ))
  );
}
