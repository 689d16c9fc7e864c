import assert from "node:assert/strict";
import { bce } from "../../kernels/bce/reference.ts";
import { embeddingForwardOp } from "../../kernels/embedding/op.ts";
import { embeddingBackward, embeddingForward } from "../../kernels/embedding/reference.ts";
import { interactionForwardOp } from "../../kernels/interaction/op.ts";
import { interactionBackward, interactionForward } from "../../kernels/interaction/reference.ts";
import {
  linearBackwardInput,
  linearBackwardWeights,
  linearForward,
} from "../../kernels/linear/reference.ts";
import { normaliseBackward } from "../../kernels/normalise/reference.ts";
import type { OpArgs, OpName, OpNamed } from "../../kernels/ops.ts";
import { sequenceBackward, sequenceDot, sequencePool } from "../../kernels/sequence/reference.ts";
import { sigmoidForwardOp } from "../../kernels/sigmoid/op.ts";
import { sigmoidBackward, sigmoidForward } from "../../kernels/sigmoid/reference.ts";
import { staleLookupsOp } from "../../kernels/staleness/op.ts";
import type { LookupLayout } from "../../kernels/staleness/op.ts";
import { inputScores, rowChange, staleLookups } from "../../kernels/staleness/reference.ts";
import { standardise } from "../../kernels/standardise/reference.ts";
import type { Device, DeviceBuffer, Program, Recorder } from "../../kernels/types.ts";
import { applyOptimizer } from "../../kernels/update/reference.ts";
import {
  varianceNormBackward,
  varianceNormForward,
} from "../../kernels/variance_norm/reference.ts";
import { CONFORMANCE_CASES } from "./conformance.ts";
import { IEEE_ACCURACY, WGSL_ACCURACY } from "./error_model.ts";
import { openReferenceDevice } from "./reference_device.ts";
import type { ReferenceOps } from "./reference_ops.ts";

/** Whether the cases whose names start so notice the fault; `open` makes faulty devices. */
async function notices(prefix: string, open: () => Promise<Device>): Promise<boolean> {
  const cases = CONFORMANCE_CASES.filter(({ name }) => name.startsWith(prefix));
  assert.notEqual(cases.length, 0, `no case starts with "${prefix}"`);
  for (const { run } of cases) {
    const device = await open();
    try {
      await run({ device, open, accuracy: WGSL_ACCURACY });
    } catch (error) {
      assert.ok(error instanceof assert.AssertionError, `failed by accident: ${error}`);
      return true;
    } finally {
      device.dispose();
    }
  }
  return false;
}

/** Applies a function to every run of `dim` numbers. */
function eachVector(
  x: Float64Array,
  dim: number,
  change: (vector: Float64Array, at: number) => Float64Array,
): Float64Array {
  const y = new Float64Array(x.length);
  for (let at = 0; at < x.length; at += dim) y.set(change(x.subarray(at, at + dim), at), at);
  return y;
}

/** A number for each input, given the layout of it alone in the rest of the list. */
function eachInput(
  layout: LookupLayout,
  rows: Uint32Array,
  score: (one: LookupLayout, own: Uint32Array) => number,
): Float64Array {
  return Float64Array.from(
    { length: layout.inputs },
    (_, b) => score({ ...layout, inputs: 1 }, rows.subarray(b * layout.inputStride)),
  );
}

/** Faults in the arithmetic, and the cases that have to notice them. */
const FAULTS: Record<string, readonly [prefix: string, ops: Partial<ReferenceOps>]> = {
  "forward without bias": ["linear forward", {
    linearForward: (x, w, b, M, K, N, relu) => linearForward(x, w, b.map(() => 0), M, K, N, relu),
  }],
  "forward without ReLU": ["linear forward", {
    linearForward: (x, w, b, M, K, N) => linearForward(x, w, b, M, K, N, false),
  }],
  "forward that forgets the last term of long rows": ["linear forward: large", {
    linearForward: (x, w, b, M, K, N, relu) =>
      linearForward(x.map((v, i) => K > 1000 && i % K === K - 1 ? 0 : v), w, b, M, K, N, relu),
  }],
  "forward in half precision": ["linear forward", {
    linearForward: (x, w, b, M, K, N, relu) =>
      linearForward(x.map((v) => Number(v.toPrecision(4))), w, b, M, K, N, relu),
  }],
  "input gradient without mask": ["linear backwardInput", {
    linearBackwardInput: (dy, w, _mask, M, K, N) => linearBackwardInput(dy, w, null, M, K, N),
  }],
  "input gradient that lets zeros through": ["linear backwardInput", {
    linearBackwardInput: (dy, w, mask, M, K, N) =>
      linearBackwardInput(dy, w, mask?.map((x) => x === 0 ? 1 : x) ?? null, M, K, N),
  }],
  "weight gradient that adds to what was there": ["linear backwardWeights", {
    linearBackwardWeights: (dy, x, M, K, N) => {
      const { dw, db } = linearBackwardWeights(dy, x, M, K, N);
      return { dw: dw.map((g) => g + 1), db };
    },
  }],
  "bias gradient divided by the rows": ["linear backwardWeights", {
    linearBackwardWeights: (dy, x, M, K, N) => {
      const { dw, db } = linearBackwardWeights(dy, x, M, K, N);
      return { dw, db: db.map((g) => g / M) };
    },
  }],
  "interaction in the order (1,0), (2,1), (2,0)": ["interaction forward", {
    interactionForward: (v, B, F, dim) => {
      const r = interactionForward(v, B, F, dim);
      const width = r.length / Math.max(1, B);
      for (let b = 0; b < B && F > 2; b++) {
        const at = b * width + dim + 1;
        [r[at], r[at + 1]] = [r[at + 1]!, r[at]!];
      }
      return r;
    },
  }],
  "interaction gradient without mask": ["interaction backward", {
    interactionBackward: (v, dr, B, F, dim) => interactionBackward(v, dr, B, F, dim, false),
  }],
  "interaction gradient without the direct part": ["interaction backward", {
    interactionBackward: (v, dr, B, F, dim, mask) => {
      const width = dr.length / Math.max(1, B);
      const cut = dr.map((g, i) => i % width < dim ? 0 : g);
      return interactionBackward(v, cut, B, F, dim, mask);
    },
  }],
  "gather that takes the first row of each bag only": ["embedding forward", {
    embeddingForward: (weights, bags, inputs, dim) =>
      embeddingForward(
        weights,
        bags.map((table) => table.map((bag) => bag.slice(0, 1))),
        inputs,
        dim,
      ),
  }],
  "gather with mean pooling": ["embedding forward", {
    embeddingForward: (weights, bags, inputs, dim) => {
      const out = embeddingForward(weights, bags, inputs, dim);
      const T = bags.length;
      return out.map((x, i) => {
        const bag = bags[Math.floor(i / dim) % T]![Math.floor(i / dim / T)]!;
        return x / Math.max(1, bag.length);
      });
    },
  }],
  "row update that drops duplicates": ["embedding backward: sgd", {
    embeddingBackward: (weights, state, bags, inputs, dim, grad, optimizer, rate) => {
      const once = bags.map((table) => {
        const seen = new Set<number>();
        return table.map((bag) => bag.filter((row) => !seen.has(row) && seen.add(row)));
      });
      embeddingBackward(weights, state, once, inputs, dim, grad, optimizer, rate);
    },
  }],
  "Adagrad that updates a row once a lookup": ["embedding backward: adagrad", {
    embeddingBackward: (weights, state, bags, inputs, dim, grad, optimizer, rate) => {
      for (let b = 0; b < inputs; b++) {
        const only = bags.map((table) => table.map((bag, i) => i === b ? bag : []));
        embeddingBackward(weights, state, only, inputs, dim, grad, optimizer, rate);
      }
    },
  }],
  "row-wise Adagrad with the sum of squares": ["embedding backward: rowwise", {
    embeddingBackward: (weights, state, bags, inputs, dim, grad, optimizer, rate) => {
      const scaled = grad.map((g) => g * Math.sqrt(dim));
      embeddingBackward(
        weights,
        state,
        bags,
        inputs,
        dim,
        scaled,
        optimizer,
        rate / Math.sqrt(dim),
      );
    },
  }],
  "untouched rows that decay": ["embedding backward: sgd", {
    embeddingBackward: (weights, ...rest) => {
      embeddingBackward(weights, ...rest);
      weights[2]![199] = weights[2]![199]! * (1 - 2 ** -20);
    },
  }],
  "normalisation with the sum of the coordinates": ["normalise forward", {
    normaliseForward: (z, M, D) => {
      const v = new Float64Array(M * D);
      for (let i = 0; i < M; i++) {
        const row = z.subarray(i * D, (i + 1) * D);
        const sum = Math.max(row.reduce((s, x) => s + Math.abs(x), 0), 1e-12);
        row.forEach((x, j) => v[i * D + j] = x / sum);
      }
      return v;
    },
  }],
  "normalisation that divides short rows by their length": ["normalise forward", {
    normaliseForward: (z, M, D) => {
      const v = new Float64Array(M * D);
      for (let i = 0; i < M; i++) {
        const row = z.subarray(i * D, (i + 1) * D);
        const length = Math.hypot(...row) || 1;
        row.forEach((x, j) => v[i * D + j] = x / length);
      }
      return v;
    },
  }],
  "normalisation gradient that keeps the part along the row": ["normalise backward", {
    normaliseBackward: (z, dv, M, D, masked) =>
      normaliseBackward(z, dv, M, D, masked).map((_, i) => {
        const from = D * Math.floor(i / D);
        const length = Math.max(Math.hypot(...z.subarray(from, from + D)), 1e-12);
        return masked && !(z[i]! > 0) ? 0 : dv[i]! / length;
      }),
  }],
  "normalisation gradient without mask": ["normalise backward", {
    normaliseBackward: (z, dv, M, D) => normaliseBackward(z, dv, M, D, false),
  }],
  "normalisation gradient that is not a number in rows of zeros": ["normalise backward", {
    normaliseBackward: (z, dv, M, D, masked) =>
      normaliseBackward(z, dv, M, D, masked).map((g, i) => {
        const from = D * Math.floor(i / D);
        return z.subarray(from, from + D).some((x) => x !== 0) ? g : NaN;
      }),
  }],
  "scores of steps that follow each other without the query between": ["sequence dot", {
    sequenceDot: (h, x, B, _steps, S, D) => sequenceDot(h, x, B, S, S, D),
  }],
  "pooling that leaves out the last step": ["sequence pool", {
    sequencePool: (h, y, tail, B, steps, S, D, T) =>
      sequencePool(h, y.map((w, i) => i % S === S - 1 ? 0 : w), tail, B, steps, S, D, T),
  }],
  "pooling without a tail": ["sequence pool", {
    sequencePool: (h, y, tail, B, steps, S, D, T) =>
      sequencePool(h, y, tail.map(() => 0), B, steps, S, D, T),
  }],
  "history gradient without the scores' part": ["sequence backward", {
    sequenceBackward: (y, da, x, dc, query, B, steps, S, D) =>
      sequenceBackward(y, da.map(() => 0), x, dc, query, B, steps, S, D),
  }],
  "query gradient without the tail's part": ["sequence backward", {
    sequenceBackward: (y, da, x, dc, query, B, steps, S, D) => {
      const direct = (i: number): boolean => query !== null && i % (2 * D) >= D;
      const cut = dc.map((g, i) => direct(i) ? 0 : g);
      return sequenceBackward(y, da, x, cut, query, B, steps, S, D);
    },
  }],
  "sigmoid that overflows": ["sigmoid forward", {
    sigmoidForward: (x) => x.map((v) => Math.exp(v) / (1 + Math.exp(v))),
  }],
  "sigmoid of half the input": ["sigmoid forward", {
    sigmoidForward: (x) => sigmoidForward(x.map((v) => v / 2)),
  }],
  "sigmoid gradient that never vanishes": ["sigmoid backward", {
    sigmoidBackward: (y, dy) => sigmoidBackward(y, dy).map((g, i) => y[i] === 1 ? dy[i]! : g),
  }],
  "standardisation that always takes the mean off": ["standardise", {
    standardise: (x, mean, variance, eps) =>
      standardise(x, mean ?? variance.map(() => 0.01), variance, eps),
  }],
  "standardisation that always adds 1e-5": ["standardise", {
    standardise: (x, mean, variance) => standardise(x, mean, variance, 1e-5),
  }],
  "standardisation by the variance": ["standardise", {
    standardise: (x, mean, variance, eps) =>
      standardise(x, mean, variance.map((v) => (v + eps) ** 2 - eps), eps),
  }],
  "standardisation by another column's variance": ["standardise", {
    standardise: (x, mean, variance, eps) =>
      standardise(x, mean, variance.map((_, j) => variance[(j + 1) % variance.length]!), eps),
  }],
  "change without the last coordinate": ["row change", {
    rowChange: (a, b, dim, before) =>
      rowChange(a.map((v, i) => i % dim === dim - 1 ? b[i]! : v), b, dim, before),
  }],
  "change that is the length of the difference": ["row change", {
    rowChange: (a, b, dim, before) =>
      rowChange(a, b, dim, before).map((_, v) =>
        Math.hypot(...a.subarray(v * dim, (v + 1) * dim).map((x, c) => x - b[v * dim + c]!)) +
        (before?.[v] ?? 0)
      ),
  }],
  "change that only counts what grew": ["row change", {
    rowChange: (a, b, dim, before) =>
      rowChange(a.map((v, i) => Math.min(v, b[i]!)), b, dim, before),
  }],
  "change that forgets to accumulate": ["row change", {
    rowChange: (a, b, dim) => rowChange(a, b, dim, null),
  }],
  "n-th smallest that counts the same score once": ["input scores", {
    inputScores: (scores, rows, layout, combine) =>
      eachInput(layout, rows, (one, own) => {
        if (combine.kind !== "nth-smallest") return inputScores(scores, own, one, combine)[0]!;
        const groups = Array.from({ length: one.groups }, (_, g) => {
          const lookups = Array.from(
            { length: one.lookups },
            (_, l) => scores[own[g * one.groupStride + l * one.lookupStride]!]!,
          );
          const different = [...new Set(lookups)].sort((a, b) => a - b);
          return different[Math.min(combine.n, different.length) - 1]!;
        });
        return Math.max(...groups);
      }),
  }],
  "n-th smallest of the group with the least": ["input scores", {
    inputScores: (scores, rows, layout, combine) =>
      eachInput(layout, rows, (one, own) => {
        if (combine.kind !== "nth-smallest") return inputScores(scores, own, one, combine)[0]!;
        const alone = { ...one, groups: 1 };
        const groups = [...Array(one.groups).keys()].map((g) =>
          inputScores(scores, own.subarray(g * one.groupStride), alone, combine)[0]!
        );
        return Math.min(...groups);
      }),
  }],
  "n-th smallest counted from 0": ["input scores", {
    inputScores: (scores, rows, layout, combine) =>
      inputScores(
        ...[scores, rows, layout] as const,
        combine.kind === "nth-smallest"
          ? { ...combine, n: Math.min(combine.n + 1, layout.lookups) }
          : combine,
      ),
  }],
  "mean that overflows": ["input scores: mean", {
    inputScores: (scores, rows, layout, combine) => {
      const lookups = layout.groups * layout.lookups;
      const mean = inputScores(scores, rows, layout, combine);
      return mean.map((x) => x * lookups > 3.4028234663852886e38 ? Infinity : x);
    },
  }],
  "maximum of the first group": ["input scores: n-th", {
    inputScores: (scores, rows, layout, combine) =>
      inputScores(
        ...[scores, rows] as const,
        combine.kind === "max" ? { ...layout, groups: 1 } : layout,
        combine,
      ),
  }],
  "lookups of another input": ["stale lookups", {
    staleLookups: (scores, threshold, rows, layout) =>
      staleLookups(scores, threshold, rows, layout).map((_, b, counts) =>
        counts[(b + 1) % counts.length]!
      ),
  }],
  "a score at the threshold that counts as stale": ["stale lookups", {
    staleLookups: (scores, threshold, rows, layout) =>
      staleLookups(
        ...[scores.map((s) => s === threshold ? s - 1 : s), threshold, rows, layout] as const,
      ),
  }],
  "stale lookups of the group with the most": ["stale lookups", {
    staleLookups: (scores, threshold, rows, layout) => {
      const own = [...Array(layout.groups).keys()].map((g) =>
        staleLookups(
          ...[scores, threshold, rows.subarray(g * layout.groupStride)] as const,
          { ...layout, groups: 1 },
        )
      );
      return own[0]!.map((_, b) => Math.max(...own.map((counts) => counts[b]!)));
    },
  }],
  "stale lookups of all groups together": ["stale lookups", {
    staleLookups: (scores, threshold, rows, layout) => {
      const own = [...Array(layout.groups).keys()].map((g) =>
        staleLookups(
          ...[scores, threshold, rows.subarray(g * layout.groupStride)] as const,
          { ...layout, groups: 1 },
        )
      );
      return own[0]!.map((_, b) => own.reduce((sum, counts) => sum + counts[b]!, 0));
    },
  }],
  "variance norm that takes the mean off": ["variance norm forward", {
    varianceNormForward: (x, dim, gain, eps) => {
      const y = varianceNormForward(x, dim, gain, eps);
      return eachVector(y, dim, (v) => v.map((value) => value - v.reduce((s, w) => s + w) / dim));
    },
  }],
  "variance norm by the root of the mean square": ["variance norm forward", {
    varianceNormForward: (x, dim, gain, eps) =>
      eachVector(x, dim, (v, at) => {
        const f = at / dim % gain.length;
        const square = v.reduce((sum, value) => sum + value * value / dim, 0);
        return v.map((value) => gain[f]! * value / Math.sqrt(square + eps[f]!));
      }),
  }],
  "variance norm with the first table's eps": ["variance norm forward", {
    varianceNormForward: (x, dim, gain, eps) =>
      varianceNormForward(x, dim, gain, eps.map(() => eps[0]!)),
  }],
  "variance norm without gain": ["variance norm forward", {
    varianceNormForward: (x, dim, gain, eps) => varianceNormForward(x, dim, gain.map(() => 1), eps),
  }],
  "variance norm gradient with the deviation held constant": ["variance norm backward", {
    varianceNormBackward: (x, dim, gain, eps, dy) => ({
      ...varianceNormBackward(x, dim, gain, eps, dy),
      dx: varianceNormForward(dy, dim, gain, eps),
    }),
  }],
  "variance norm gradient without gain": ["variance norm backward", {
    varianceNormBackward: (x, dim, gain, eps, dy) =>
      varianceNormBackward(x, dim, gain.map(() => 1), eps, dy),
  }],
  "gain gradient averaged over the inputs": ["variance norm backward", {
    varianceNormBackward: (x, dim, gain, eps, dy) => {
      const { dx, dgain } = varianceNormBackward(x, dim, gain, eps, dy);
      const inputs = x.length / dim / gain.length;
      return { dx, dgain: dgain.map((g) => inputs === 0 ? g : g / inputs) };
    },
  }],
  "gain gradient times the gain": ["variance norm backward", {
    varianceNormBackward: (x, dim, gain, eps, dy) => {
      const { dx, dgain } = varianceNormBackward(x, dim, gain, eps, dy);
      return { dx, dgain: dgain.map((g, f) => g * gain[f]!) };
    },
  }],
  "loss that sums instead of averaging": ["bce", {
    bce: (logits, labels, weights) => {
      const { loss, dlogits } = bce(logits, labels, weights);
      return { loss: loss * logits.length, dlogits };
    },
  }],
  "loss that overflows": ["bce", {
    bce: (logits, labels) => {
      const { dlogits } = bce(logits, labels);
      let sum = 0;
      for (let i = 0; i < logits.length; i++) {
        sum += Math.log(1 + Math.exp(logits[i]!)) - logits[i]! * labels[i]!;
      }
      return { loss: logits.length === 0 ? 0 : sum / logits.length, dlogits };
    },
  }],
  "loss whose weights do not reach the gradient": ["bce", {
    bce: (logits, labels, weights) => ({
      ...bce(logits, labels, weights),
      dlogits: bce(logits, labels).dlogits,
    }),
  }],
  "loss divided by the sum of the weights": ["bce", {
    bce: (logits, labels, weights) => {
      const { loss, dlogits } = bce(logits, labels, weights);
      const sum = weights?.reduce((all, w) => all + w, 0) ?? logits.length;
      return { loss: sum === 0 ? 0 : loss * logits.length / sum, dlogits };
    },
  }],
  "loss gradient with the labels' sign turned": ["bce", {
    bce: (logits, labels, weights) => bce(logits, labels.map((y) => 1 - y), weights),
  }],
  "Adagrad with eps inside the root": ["dense update: adagrad with eps 0.125", {
    applyOptimizer: (params, grads, state, optimizer, rate) => {
      applyOptimizer(new Float64Array(params.length), grads, state, optimizer, rate);
      const eps = optimizer.kind === "sgd" ? 0 : optimizer.eps;
      for (let i = 0; i < params.length; i++) {
        params[i]! -= rate * grads[i]! / Math.sqrt(state[i]! + eps);
      }
    },
  }],
  "Adagrad that divides by the root before it adds": ["dense update: adagrad with eps 0.125", {
    applyOptimizer: (params, grads, state, optimizer, rate) => {
      const old = state.slice();
      applyOptimizer(params.slice(), grads, state, optimizer, rate);
      const eps = optimizer.kind === "sgd" ? 0 : optimizer.eps;
      for (let i = 0; i < params.length; i++) {
        params[i]! -= rate * grads[i]! / (Math.sqrt(old[i]!) + eps);
      }
    },
  }],
  "a learning rate 1 in 100,000 too large": ["dense update: sgd", {
    applyOptimizer: (params, grads, state, optimizer, rate) =>
      applyOptimizer(params, grads, state, optimizer, rate * 1.00001),
  }],
};

for (const [fault, [prefix, ops]] of Object.entries(FAULTS)) {
  Deno.test(`conformance notices ${fault}`, async () => {
    assert.ok(await notices(prefix, () => openReferenceDevice(ops)));
  });
}

/** A reference device whose methods are wrapped. */
async function openWrapped(change: (device: Device) => Partial<Device>): Promise<Device> {
  const device = await openReferenceDevice();
  const changed = change(device);
  return new Proxy(device, {
    get(target, name) {
      const value = Reflect.get(name in changed ? changed : target, name) as unknown;
      return typeof value === "function" ? value.bind(name in changed ? changed : target) : value;
    },
  });
}

/** A device whose programs get their ops through another recorder. */
function openWithRecorder(change: (ops: Recorder) => Partial<Recorder>): Promise<Device> {
  return openWrapped((device) => ({
    record: (label, body) =>
      device.record(label, (ops) => {
        const whole: Recorder = {
          stage: (stage) => ops.stage(stage),
          add: (op, args) => ops.add(op, args),
        };
        body({ ...whole, ...change(ops) });
      }),
  }));
}

/** A device that adds something else in the place of one op. */
function openWithOp<Name extends OpName>(
  replaced: OpNamed<Name>,
  add: (ops: Recorder, args: OpArgs[Name]) => void,
): Promise<Device> {
  return openWithRecorder((ops) => ({
    add: (op, args) => {
      if (op.name as OpName === replaced.name) add(ops, args as unknown as OpArgs[Name]);
      else ops.add(op, args);
    },
  }));
}

Deno.test("conformance notices an op that writes padding", async () => {
  const open = () =>
    openWithOp(interactionForwardOp, (ops, args) => {
      ops.add(interactionForwardOp, args);
      const { v, r } = args;
      if (r.rows > 0 && r.cols < r.stride) {
        const row = { rows: 1, cols: r.stride, stride: r.stride };
        ops.add(sigmoidForwardOp, {
          x: { buffer: v.buffer, offset: 0, ...row },
          y: { buffer: r.buffer, offset: r.offset, ...row },
        });
      }
    });
  assert.ok(await notices("interaction forward: awkward", open));
});

Deno.test("conformance notices a gather into the wrong slot", async () => {
  const open = () =>
    openWithOp(
      embeddingForwardOp,
      (ops, args) =>
        ops.add(embeddingForwardOp, { ...args, firstSlot: Math.max(0, args.firstSlot - 1) }),
    );
  assert.ok(await notices("embedding forward", open));
});

Deno.test("conformance notices a list of rows that is read from the start of its buffer", async () => {
  const open = () =>
    openWithOp(
      staleLookupsOp,
      (ops, args) => ops.add(staleLookupsOp, { ...args, rows: { ...args.rows, offset: 0 } }),
    );
  assert.ok(await notices("stale lookups", open));
});

Deno.test("conformance notices a threshold that is read when the op is recorded", async () => {
  const open = async () => {
    let fixed: DeviceBuffer | null = null;
    const device = await openWithOp(
      staleLookupsOp,
      (ops, args) => ops.add(staleLookupsOp, { ...args, threshold: { buffer: fixed!, index: 0 } }),
    );
    fixed = device.createBuffer(4, "threshold");
    device.write(fixed, 0, Float32Array.of(0.25));
    return device;
  };
  assert.ok(await notices("stale lookups: counts", open));
});

Deno.test("conformance notices ops that are booked on another stage", async () => {
  const open = () => openWithRecorder((ops) => ({ stage: () => ops.stage("forward") }));
  assert.ok(await notices("staleness: every op is booked", open));
});

Deno.test("conformance notices runs that are put off past later writes", async () => {
  const open = () =>
    openWrapped((device) => {
      const queue: Program[] = [];
      const flush = (): void => {
        for (const program of queue.splice(0)) device.run(program);
      };
      return {
        run: (program) => void queue.push(program),
        copy: (...args) => (flush(), device.copy(...args)),
        read: (...args) => (flush(), device.read(...args)),
        sync: () => (flush(), device.sync()),
      };
    });
  assert.ok(await notices("order", open));
});

Deno.test("conformance notices writes that keep the caller's array", async () => {
  const open = () =>
    openWrapped((device) => {
      const queue: Parameters<Device["write"]>[] = [];
      const flush = (): void => {
        for (const args of queue.splice(0)) device.write(...args);
      };
      return {
        write: (...args) => void queue.push(args),
        run: (program) => (flush(), device.run(program)),
        copy: (...args) => (flush(), device.copy(...args)),
        read: (...args) => (flush(), device.read(...args)),
      };
    });
  assert.ok(await notices("order", open));
});

Deno.test("conformance notices lookups that are not copied", async () => {
  const open = () =>
    openWrapped((device) => {
      let last: (() => void) | null = null;
      return {
        writeLookups: (...args) => {
          last = () => device.writeLookups(...args);
        },
        run: (program) => (last?.(), device.run(program)),
      };
    });
  assert.ok(await notices("embedding forward", open).catch(() => true));
});

Deno.test("conformance notices results that differ between runs", async () => {
  let round = 0;
  const open = () =>
    openReferenceDevice({
      linearForward: (x, w, b, M, K, N, relu) => {
        round++;
        return linearForward(x, w, b, M, K, N, relu).map((y) => y * (1 + round * 2 ** -24));
      },
    });
  assert.ok(await notices("training: sgd", open));
});

Deno.test("conformance notices memory that is never given back", async () => {
  const open = () =>
    openWrapped((device) => ({
      createLookups: (shape, label) => {
        const lookups = device.createLookups(shape, label);
        return new Proxy(lookups, {
          get: (target, name) => name === "dispose" ? () => {} : Reflect.get(target, name),
        });
      },
    }));
  assert.ok(await notices("counters", open));
});

Deno.test("the references rounded to float32 pass with correctly rounded division and root", async () => {
  for (const { name, run } of CONFORMANCE_CASES) {
    if (!/^(embedding|dense|bce)/.test(name)) continue;
    const device = await openReferenceDevice();
    await run({ device, open: () => openReferenceDevice(), accuracy: IEEE_ACCURACY });
    device.dispose();
  }
});
