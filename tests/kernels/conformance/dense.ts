import assert from "node:assert/strict";
import { bceOp } from "../../../kernels/bce/op.ts";
import { bce } from "../../../kernels/bce/reference.ts";
import type { Optimizer } from "../../../kernels/types.ts";
import { denseUpdateOp } from "../../../kernels/update/op.ts";
import { applyOptimizer } from "../../../kernels/update/reference.ts";
import { bceGradientTolerance, bceLossTolerance, stepTolerances } from "../error_model.ts";
import { assertClose, type ConformanceCase, Knobs, readFloats, Scope, Values } from "./harness.ts";

/** Logits where a careless formula overflows, cancels or divides by 0. */
const EXTREMES = [0, -0, 1e-30, 15, -15, 17, -17, 40, -40, 88, -88, 89, -89, 104, -104, 1e4, -1e4];

const OPTIMIZERS: Optimizer[] = [
  { kind: "sgd" },
  { kind: "adagrad", eps: 2 ** -3 },
  { kind: "adagrad", eps: Math.fround(1e-10) },
];

/** Cases of the loss and the dense optimizer. */
export const denseCases: readonly ConformanceCase[] = [
  {
    name: "bce: losses in their slots, gradients, weights, extreme logits",
    run: async ({ device, accuracy }) => {
      using scope = new Scope();
      const values = new Values(400);
      const inputs = scope.arena(device, "input", "logits and labels");
      const outputs = scope.arena(device, "output", "logit gradients");
      const knobs = scope.own(new Knobs(device));
      const sizes = [0, 1, 2, 63, 64, 65, 257, 5000, -1, -2];
      const jobs = sizes.map((size, i) => {
        const M = size < 0 ? EXTREMES.length : size;
        const z = size < 0
          ? Float64Array.from(EXTREMES, Math.fround)
          : values.normal(M).map((x) => Math.fround(4 * x));
        const y = z.map(() => size < 0 ? -1 - size : values.integer(4) === 0 ? 1 : 0);
        const w = i % 2 === 0 ? null : z.map((_, j) => Math.fround(j % 4 * 0.7));
        const stride = i % 2 === 0 ? 1 : 4;
        return {
          M,
          z,
          y,
          w,
          logits: inputs.place(M, 1, z, { stride }),
          labels: inputs.place(M, 1, y),
          weights: w === null ? null : inputs.place(M, 1, w, { stride: i % 3 === 0 ? 4 : 1 }),
          dlogits: outputs.place(M, 1, null, { stride: i % 3 === 0 ? 8 : 1 }),
        };
      });
      inputs.commit();
      outputs.commit();
      const slots = sizes.length + 3;
      const losses = device.createMatrix(1, slots, "losses");
      scope.own(losses.buffer);
      const filled = new Float32Array(slots).fill(-3);
      device.write(losses.buffer, 0, filled);
      for (const [i, { logits, labels, weights, dlogits }] of jobs.entries()) {
        knobs.setSlot(slots - 2 - i);
        device.run(scope.own(device.record("loss", (ops) => {
          ops.add(bceOp, { logits, labels, weights, dlogits, losses, slot: knobs.slot });
        })));
      }
      await outputs.download();
      const got = await readFloats(device, losses.buffer);
      for (const [i, { M, z, y, w, dlogits }] of jobs.entries()) {
        const want = bce(z, y, w);
        assertClose(
          `bce gradient of ${M} logits`,
          outputs.values(dlogits),
          want.dlogits,
          want.dlogits.map((_, j) => bceGradientTolerance(z[j]!, y[j]!, w?.[j] ?? 1, M, accuracy)),
        );
        assertClose(`bce loss of ${M} logits`, [got[slots - 2 - i]!], [want.loss], [
          bceLossTolerance(z, y, w, accuracy),
        ]);
      }
      assert.equal(got[0], -3, "the slot before was written");
      assert.equal(got[1], -3, "the slot before was written");
      assert.equal(got[slots - 1], -3, "the slot behind was written");
    },
  },
  ...OPTIMIZERS.map((optimizer, o): ConformanceCase => ({
    name: `dense update: ${optimizer.kind}${
      optimizer.kind === "sgd" ? "" : ` with eps ${optimizer.eps}`
    } over several steps`,
    run: async ({ device, accuracy }) => {
      using scope = new Scope();
      const values = new Values(410 + o);
      const knobs = scope.own(new Knobs(device));
      const gradients = scope.arena(device, "input", "dense gradients");
      const params = scope.arena(device, "output", "dense parameters");
      const state = scope.arena(device, "output", "dense state");
      const stateful = optimizer.kind !== "sgd";
      const jobs = [0, 1, 3, 4, 63, 64, 65, 1025, 70_001].map((n) => ({
        n,
        grads: gradients.place(1, n, new Float64Array(n)),
        params: params.place(1, n, values.normal(n)),
        state: stateful ? state.place(1, n, new Float64Array(n)) : null,
      }));
      gradients.commit();
      params.commit();
      state.commit();
      const program = scope.own(device.record("update", (ops) => {
        for (const { grads, params, state } of jobs) {
          ops.add(denseUpdateOp, {
            params,
            grads,
            state,
            optimizer,
            learningRate: knobs.learningRate,
          });
        }
      }));
      await params.download();
      await state.download();
      for (let step = 0; step < 4; step++) {
        const learningRate = knobs.setLearningRate(0.2 / (step + 1));
        const before = jobs.map((job) => ({
          params: params.values(job.params),
          state: job.state === null ? new Float64Array(0) : state.values(job.state),
          grads: values.normal(job.n).map((g, i) => i % 11 === step ? 0 : g),
        }));
        for (const [i, job] of jobs.entries()) gradients.overwrite(job.grads, before[i]!.grads);
        device.run(program);
        await params.download();
        await state.download();
        for (const [i, job] of jobs.entries()) {
          const want = before[i]!;
          applyOptimizer(want.params, want.grads, want.state, optimizer, learningRate);
          const tolerances = stepTolerances(
            want.grads,
            new Float64Array(job.n),
            optimizer,
            learningRate,
            want,
            accuracy,
          );
          const what = `${optimizer.kind} step ${step} of ${job.n} parameters`;
          assertClose(what, params.values(job.params), want.params, tolerances.params);
          if (job.state !== null) {
            assertClose(`${what}: state`, state.values(job.state), want.state, tolerances.state);
          }
        }
      }
    },
  })),
];
