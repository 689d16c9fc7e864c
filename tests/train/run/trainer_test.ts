import assert from "node:assert/strict";
import type { Inputs } from "../../../data/types.ts";
import { Dlrm } from "../../../train/model/dlrm.ts";
import { learningRate } from "../../../train/run/learning_rate.ts";
import type { TrainState } from "../../../train/run/state.ts";
import { UserError } from "../../../core/errors.ts";
import { flagOf } from "../../../train/command/flag_names.ts";
import { train, TrainingFailure, type TrainOptions } from "../../../train/run/trainer.ts";
import { openReferenceDevice } from "../../kernels/reference_device.ts";
import { SMALL_SHAPE } from "../model/dlrm_cases.ts";
import { memoryDataset } from "./memory_dataset.ts";

const OPTIONS: TrainOptions = {
  batch: 32,
  epochs: 2,
  seed: 5,
  shuffle: true,
  schedule: { base: 0.1, warmupSteps: 0, decayStartStep: 0, decaySteps: 0 },
  evalEvery: 0,
  evalBatch: 50,
  maxSteps: 0,
};

async function withModel<T>(body: (model: Dlrm) => Promise<T>, lossSlots = 1024): Promise<T> {
  const device = await openReferenceDevice();
  const model = new Dlrm(device, SMALL_SHAPE, {
    optimizer: { kind: "sgd" },
    maxBatch: 50,
    lossSlots,
  });
  try {
    await model.initialise(2);
    return await body(model);
  } finally {
    model.dispose();
    device.dispose();
  }
}

Deno.test("train() learns a planted signal and counts what it did", async () => {
  await withModel(async (model) => {
    const dataset = memoryDataset(4000);
    const result = await train(model, dataset, { ...OPTIONS, epochs: 4 });
    assert.equal(result.ended, "completed");
    assert.equal(result.steps, 4 * Math.ceil(3000 / 32));
    assert.equal(result.inputs, 4 * 3000);
    assert.equal(result.losses.length, result.steps);
    assert.equal(result.counts.lookups, 4 * 4 * 3000);
    assert.ok(result.counts.uniqueRows > 0 && result.counts.uniqueRows < result.counts.lookups);
    assert.equal(result.evaluations.length, 1);
    const { metrics } = result.evaluations[0]!;
    assert.equal(metrics.count, 1000);
    assert.ok(metrics.auc! > 0.85, `AUC ${metrics.auc}`);
    const mean = (x: Float32Array) => x.reduce((s, v) => s + v, 0) / x.length;
    assert.ok(mean(result.losses.subarray(-50)) < mean(result.losses.subarray(0, 50)) - 0.1);
  });
});

Deno.test("train() visits every input once an epoch, in another order each", async () => {
  await withModel(async (model) => {
    const dataset = memoryDataset(400);
    await train(model, dataset, OPTIONS);
    const [first, second] = [dataset.seen.slice(0, 300), dataset.seen.slice(300)];
    const all = Array.from({ length: 300 }, (_, i) => i);
    assert.deepEqual(first.toSorted((a, b) => a - b), all);
    assert.deepEqual(second.toSorted((a, b) => a - b), all);
    assert.notDeepEqual(first, second);
    assert.notDeepEqual(first, all);
    dataset.seen.length = 0;
    await train(model, dataset, { ...OPTIONS, shuffle: false, epochs: 1 });
    assert.deepEqual(dataset.seen, all);
  });
});

Deno.test("train() reads the same losses whatever the size of the ring", async () => {
  const dataset = memoryDataset(400);
  const wide = await withModel((model) => train(model, dataset, OPTIONS));
  const narrow = await withModel((model) => train(model, dataset, OPTIONS), 3);
  assert.deepEqual(narrow.losses, wide.losses);
});

Deno.test("train() gives other losses for another order and the same for the same", async () => {
  const dataset = memoryDataset(400);
  const once = await withModel((model) => train(model, dataset, OPTIONS));
  const again = await withModel((model) => train(model, dataset, OPTIONS));
  const other = await withModel((model) => train(model, dataset, { ...OPTIONS, seed: 6 }));
  assert.deepEqual(again.losses, once.losses);
  assert.notDeepEqual(other.losses, once.losses);
});

Deno.test("train() evaluates every k steps and once more at the end only if steps followed", async () => {
  const dataset = memoryDataset(400);
  const steps = await withModel(async (model) => {
    const result = await train(model, dataset, { ...OPTIONS, evalEvery: 8 });
    return result.evaluations.map((e) => [e.step, e.samples]);
  });
  // 300 inputs in minibatches of 32: ten steps an epoch, the last of 12 inputs.
  assert.deepEqual(steps, [[8, 256], [16, 492], [20, 600]]);
  const even = await withModel(async (model) => {
    const result = await train(model, dataset, { ...OPTIONS, evalEvery: 10 });
    return result.evaluations.map((e) => e.step);
  });
  assert.deepEqual(even, [10, 20]);
});

Deno.test("train() stops after maxSteps, across epochs", async () => {
  await withModel(async (model) => {
    const result = await train(model, memoryDataset(400), { ...OPTIONS, maxSteps: 13 });
    assert.equal(result.steps, 13);
    assert.equal(result.inputs, 300 + 3 * 32);
    assert.equal(result.ended, "completed");
  });
});

Deno.test("train() ends after the step at hand when its signal aborts, and says so", async () => {
  await withModel(async (model) => {
    const controller = new AbortController();
    const result = await train(model, memoryDataset(4000), {
      ...OPTIONS,
      signal: controller.signal,
      evalEvery: 4,
      onEvaluation: () => controller.abort(),
    });
    assert.equal(result.ended, "interrupted");
    assert.ok(result.steps >= 4 && result.steps <= 5, `${result.steps} steps`);
    assert.equal(result.losses.length, result.steps);
    assert.equal(result.evaluations.length, 1, "what is known is kept; nothing is evaluated anew");
  });
});

Deno.test("train() stops at a loss that is not finite, names the step and keeps what it knew", async () => {
  await withModel(async (model) => {
    const schedule = { ...OPTIONS.schedule, base: 1e20 };
    const failure = await train(model, memoryDataset(400), { ...OPTIONS, schedule }).catch((e) =>
      e
    );
    assert.ok(failure instanceof TrainingFailure, String(failure));
    assert.match(failure.message, /^Cannot go on after step \d+: its loss is .* at learning rate/);
    assert.match(failure.tell(flagOf), /try a smaller --lr, or --lr-num-warmup-steps$/);
    const { losses, steps } = failure.run;
    assert.equal(losses.length, steps);
    assert.ok(!Number.isFinite(losses.at(-1)!));
    assert.ok(losses.subarray(0, -1).every(Number.isFinite));
  });
});

Deno.test("train() stops at an evaluation whose logits are not finite, and names the step before it", async () => {
  await withModel(async (model) => {
    const schedule = { ...OPTIONS.schedule, base: 1e30 };
    // The loss of the first step is that of the weights before its update.
    for (const ends of [{ maxSteps: 1 }, { evalEvery: 1 }]) {
      await model.initialise(2);
      const failure = await train(model, memoryDataset(400), { ...OPTIONS, schedule, ...ends })
        .catch((error) => error);
      assert.ok(failure instanceof TrainingFailure, String(failure));
      assert.match(failure.message, /^Cannot go on after step 1: .* logits .* not finite at learn/);
      assert.equal(failure.run.losses.length, 1);
      assert.ok(failure.run.losses.every(Number.isFinite));
    }
  });
});

Deno.test("train() gives each step the learning rate of its schedule, over all epochs", async () => {
  await withModel(async (model) => {
    const rates: number[] = [];
    const setStep = model.setStep.bind(model);
    model.setStep = (rate, slot) => {
      rates.push(rate);
      setStep(rate, slot);
    };
    const schedule = { base: 0.1, warmupSteps: 4, decayStartStep: 6, decaySteps: 10 };
    await train(model, memoryDataset(400), { ...OPTIONS, schedule });
    assert.deepEqual(rates, Array.from({ length: 20 }, (_, step) => learningRate(schedule, step)));
  });
});

Deno.test("train() refuses ids beyond the model's tables, naming table, row and position", async () => {
  await withModel(async (model) => {
    const dataset = memoryDataset(400);
    const reader = dataset.reader.bind(dataset);
    dataset.reader = (split, order) => {
      const inner = reader(split, order);
      const spoil = (into: Inputs) => void (into.ids[2 * into.size + 7] = 40);
      return {
        count: inner.count,
        read: (start, count, into) => {
          inner.read(start, count, into);
          spoil(into);
        },
        readAt: (positions, into) => {
          inner.readAt(positions, into);
          spoil(into);
        },
      };
    };
    await assert.rejects(
      train(model, dataset, OPTIONS),
      /Cannot look up row 40 of table 2 \(T2\) at position 7: the table has 40 rows/,
    );
  });
});

Deno.test("a run need not be saved at its end, but is when it is interrupted", async () => {
  for (const atEnd of [true, false]) {
    await withModel(async (model) => {
      const saved: number[] = [];
      const policy = {
        ...{ every: 10, after: 12, atEnd },
        save: ({ document }: TrainState) => {
          saved.push((document as unknown as { step: number }).step);
          return Promise.resolve();
        },
      };
      const options = { ...OPTIONS, epochs: 1, checkpoint: policy };
      await train(model, memoryDataset(700), options);
      assert.deepEqual(saved, atEnd ? [10, 12, 17] : [10, 12]);
      const stop = new AbortController();
      const onStep = ({ step }: { readonly step: number }) => {
        if (step === 13) stop.abort();
      };
      await train(model, memoryDataset(700), { ...options, signal: stop.signal, onStep });
      assert.deepEqual(saved.at(-1), 13);
    });
  }
});

Deno.test("train() goes on without a checkpoint that cannot be saved, and tries again", async () => {
  await withModel(async (model) => {
    const saved: number[] = [], warnings: string[] = [];
    let tries = 0;
    const result = await train(model, memoryDataset(700), {
      ...OPTIONS,
      epochs: 1,
      checkpoint: {
        every: 5,
        save: ({ document }) => {
          const { step } = document as unknown as { step: number };
          if (++tries <= 2) throw new UserError(`Cannot save checkpoint step-${step}: no room`);
          saved.push(step);
          return Promise.resolve();
        },
      },
      onWarning: ({ message }) => warnings.push(message),
    });
    assert.equal(result.ended, "completed");
    assert.deepEqual(warnings, [
      "Cannot save checkpoint step-5: no room",
      "Cannot save checkpoint step-10: no room",
    ]);
    // The last one is at the end.
    assert.deepEqual(saved, [15, 17]);
  });
  await withModel(async (model) => {
    const failing = train(model, memoryDataset(700), {
      ...OPTIONS,
      checkpoint: {
        every: 5,
        save: () => Promise.reject(new UserError("Cannot save: no room")),
      },
    });
    await assert.rejects(failing, /^UserError: Cannot save: no room$/);
  });
});
