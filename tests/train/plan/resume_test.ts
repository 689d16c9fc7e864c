import assert from "node:assert/strict";
import { openCpuDevice } from "../../../kernels/cpu/device.ts";
import type { Device } from "../../../kernels/types.ts";
import { openCheckpoints } from "../../../train/checkpoint/checkpoints.ts";
import { writeMatrix } from "../../../train/model/matrices.ts";
import type { Model } from "../../../train/model/model.ts";
import type { CheckpointSettings } from "../../../train/run/options.ts";
import type { TrainState } from "../../../train/run/state.ts";
import { TraceRecorder } from "../../../train/trace/recorder.ts";
import { train, type TrainOptions, type TrainResult } from "../../../train/run/trainer.ts";
import { inFolder } from "../checkpoint/checkpoint_cases.ts";
import {
  allNumbers,
  arrayDataset,
  drawnRun,
  PLANS,
  recordTraining,
  toyModel,
  toyOptions,
  type ToyRun,
} from "./plan_cases.ts";

/** A state after some step, with the model's numbers. */
interface Kept {
  readonly step: number;
  readonly state: TrainState;
  readonly numbers: Float32Array[];
  readonly hotState: Float32Array | null;
}

async function onCpu(body: (device: Device) => Promise<void>): Promise<void> {
  const device = await openCpuDevice({ threads: 1 });
  try {
    await body(device);
  } finally {
    device.dispose();
  }
}

async function hotState({ hot }: Model): Promise<Float32Array | null> {
  return hot === null ? null : await hot.tables.readState(0, hot.tables.totalRows);
}

/** Puts numbers into a model. */
async function put(model: Model, { numbers, hotState }: Kept): Promise<void> {
  const [rows, states, ...matrices] = numbers;
  await model.tables.writeRows(0, rows!);
  if (states!.length > 0) await model.tables.writeState(0, states!);
  const all = [
    ...model.parameters.flatMap(({ value, state }) => state === null ? [value] : [value, state]),
    ...model.buffers.map(({ value }) => value),
  ];
  all.forEach((matrix, i) => writeMatrix(model.device, matrix, matrices[i]!));
  if (hotState !== null && hotState.length > 0) await model.hot!.tables.writeState(0, hotState);
}

/** Trains a run, from a start or from a state, and says all that must not depend on where it was cut. */
async function whole(
  device: Device,
  run: ToyRun,
  more: Partial<TrainOptions>,
  from: Kept | null = null,
) {
  const model = toyModel(device, run);
  try {
    if (from === null) await model.initialise(3);
    else await put(model, from);
    const trained = recordTraining(model);
    const recorder = new TraceRecorder();
    const kept: Kept[] = [];
    const result = await train(model, arrayDataset(run.tableRows, run.inputs, run.steps), {
      ...toyOptions(run, []),
      trace: recorder,
      ...more,
      ...(more.checkpoint === undefined ? {} : {
        checkpoint: {
          every: more.checkpoint!.every,
          save: async (state) => {
            const { step } = state.document as unknown as { step: number };
            const numbers = await allNumbers(model);
            kept.push({ step, state, numbers, hotState: await hotState(model) });
          },
        },
      }),
      ...(from === null ? {} : { resume: asStored(from.state) }),
    });
    const outcome = {
      ...comparable(result),
      numbers: (await allNumbers(model)).map((some) => [...some]),
      trace: Object.fromEntries(
        [...recorder.snapshot()].filter(([name]) => !name.endsWith("_ms"))
          .map(([name, column]) => [name, [...column]]),
      ),
    };
    return { outcome, kept, trained, result };
  } finally {
    model.dispose();
  }
}

/** As a file gives it back. */
function asStored({ document, tensors }: TrainState): TrainState {
  return {
    document: JSON.parse(JSON.stringify(document)),
    tensors: new Map([...tensors].map(([name, data]) => [name, data.slice()])),
  };
}

/** A result without times. */
function comparable(result: TrainResult) {
  const { steps, inputs, losses, evaluations, counts, plan, ended } = result;
  const timeless = JSON.parse(
    JSON.stringify(plan, (key, value) => key.endsWith("_ms") ? undefined : value),
  );
  return { ended, steps, inputs, losses: [...losses], evaluations, counts, plan: timeless };
}

const ADAGRAD = { kind: "adagrad", eps: 1e-10 } as const;
const NONE = { every: 1, save: () => Promise.resolve() };
/** No minibatch is kept but the last. */
const KEPT_AT_END = { every: 1e9, save: () => Promise.resolve() };

const RUNS: Readonly<Record<string, ToyRun>> = {
  ...Object.fromEntries(
    Object.entries(PLANS).map(([name, plan]) => [
      `${name}, hot`,
      drawnRun(false, 90, {
        plan: { ...plan, watch: 2 },
        placement: "hot",
        optimizer: ADAGRAD,
        more: { batch: 4 },
      }),
    ]),
  ),
  "baseline, vectors normalised": drawnRun(false, 60, {
    plan: { name: "baseline" },
    normalisation: "vectors",
    more: { batch: 4, epochs: 2, shuffle: true },
  }),
  "slipstream, two epochs, dense features standardised, evaluations": drawnRun(false, 90, {
    plan: { ...PLANS["slipstream interleaved, waking"], schedule: "cold-then-hot", watch: 2 },
    normalisation: "dense",
    more: { batch: 4, epochs: 2, shuffle: true, evalEvery: 5 },
  }),
  "slipstream, decided once for two epochs": drawnRun(false, 60, {
    plan: { name: "slipstream", warmup: 1, window: 3, decide: "once" },
    placement: "hybrid",
    more: { batch: 4, epochs: 2, shuffle: true },
  }),
  "artifact, hot, Adagrad": drawnRun(false, 90, {
    plan: {
      name: "slipstream",
      mode: "artifact",
      warmup: 1,
      window: 0.2,
      sample: 1,
      untouched: "stale",
      watch: 2,
    },
    placement: "hot",
    optimizer: ADAGRAD,
    more: { batch: 4 },
  }),
  "sequences, hot": drawnRun(true, 90, {
    plan: { name: "slipstream", warmup: 1, window: 3, snapshots: 3, alpha: 2, wakeEvery: 3 },
    placement: "hot",
    optimizer: { kind: "rowwise-adagrad", eps: 1e-10 },
    more: { batch: 4 },
  }),
};

for (const [name, run] of Object.entries(RUNS)) {
  Deno.test(`${name}: cut after any minibatch and resumed, a run ends with the same bits`, () =>
    onCpu(async (device) => {
      const straight = await whole(device, run, {});
      const { outcome, kept } = await whole(device, run, { checkpoint: NONE });
      assert.deepEqual(outcome, straight.outcome, "checkpoints change nothing");
      assert.deepEqual(kept.map(({ step }) => step), kept.map((_, i) => i + 1));
      assert.equal(kept.length, outcome.steps);
      for (const from of kept) {
        const resumed = await whole(device, run, {}, from);
        assert.deepEqual(resumed.outcome, outcome, `after step ${from.step}`);
        assert.equal(resumed.trained.length, outcome.steps - from.step);
      }
    }));
}

Deno.test("a run that is interrupted wherever the loop listens goes on to the same bits", () =>
  onCpu(async (device) => {
    // The loss of each round is measured between two minibatches, and evaluations are due after every third.
    const run = drawnRun(false, 60, {
      plan: { ...PLANS["slipstream interleaved, waking"] },
      placement: "hot",
      more: { batch: 4, epochs: 3, evalEvery: 5 },
    });
    const { outcome } = await whole(device, run, {});
    let places = 0;
    for (let at = 1;; at++) {
      const controller = new AbortController();
      // Every look at the signal is counted, and at one of them it is aborted.
      let looks = 0;
      const look = () => {
        if (++looks === at) controller.abort(new Error("stop"));
      };
      const signal = new Proxy(controller.signal, {
        get(target, key) {
          if (key === "aborted" || key === "throwIfAborted") look();
          const value = Reflect.get(target, key, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
      let cut;
      try {
        cut = await whole(device, run, { signal, checkpoint: { ...NONE, every: 1000 } });
      } catch (error) {
        assert.match(String(error), /stop/);
        continue;
      }
      if (looks < at) break;
      if (cut.result.ended === "completed") continue;
      places++;
      const resumed = await whole(device, run, {}, cut.kept.at(-1)!);
      assert.deepEqual(resumed.outcome, outcome, `interrupted at look ${at}`);
    }
    const { evaluations, plan } = outcome;
    assert.ok(evaluations.length > 2 && plan.rounds.length > 1);
    // After each step, in each evaluation and each measurement of a loss, and in the pass before each epoch.
    assert.equal(places, outcome.steps + evaluations.length + plan.rounds.length + 3);
  }));

Deno.test("checkpoints on disk hold all of it", () =>
  onCpu((device) =>
    inFolder(async (folder) => {
      for (
        const name of [
          "artifact, hot, Adagrad",
          "slipstream, two epochs, dense features standardised, evaluations",
        ]
      ) {
        const run = RUNS[name]!;
        const dataset = arrayDataset(run.tableRows, run.inputs, run.steps);
        const at = (step: number, resume: boolean): CheckpointSettings => {
          const checkpoints = `${folder}/${name.length}-${step}`;
          return { folder: checkpoints, every: 0, resume: resume ? checkpoints : null };
        };
        const { outcome } = await whole(device, run, {});
        const model = toyModel(device, run);
        await model.initialise(3);
        const steps = [1, 9, 12, outcome.steps - 1];
        await train(model, dataset, {
          ...toyOptions(run, []),
          trace: new TraceRecorder(),
          checkpoint: {
            every: 1,
            save: async (state) => {
              const { step } = state.document as unknown as { step: number };
              if (!steps.includes(step)) return;
              using store = await openCheckpoints(at(step, false), {});
              await store!.policy(model, dataset)!.save(state);
            },
          },
        });
        model.dispose();
        for (const step of steps) {
          const fresh = toyModel(device, run);
          using store = await openCheckpoints(at(step, true), {});
          const restored = await store!.restore(fresh, dataset);
          assert.match(
            restored!.note,
            new RegExp(`^Resuming from .*/step-0*${step}, after step ${step}$`),
          );
          const recorder = new TraceRecorder();
          const result = await train(fresh, dataset, {
            ...toyOptions(run, []),
            trace: recorder,
            resume: restored!.state,
          });
          assert.deepEqual(
            { ...comparable(result), numbers: (await allNumbers(fresh)).map((some) => [...some]) },
            Object.fromEntries(Object.entries(outcome).filter(([key]) => key !== "trace")),
            `${name}, step ${step}`,
          );
          assert.equal(recorder.length, outcome.steps);
          fresh.dispose();
        }
      }
    })
  ));

for (const [name, run] of Object.entries(RUNS)) {
  // The artifact has one epoch.
  if (run.plan.mode === "artifact") continue;
  Deno.test(`a run that has ended goes on with another epoch as if it had been asked for: ${name}`, () =>
    onCpu(async (device) => {
      const epochs = run.more?.epochs ?? 1;
      const straight = await whole(device, run, { ...run.more, epochs: epochs + 1 });
      const first = await whole(device, run, { ...run.more, epochs, checkpoint: KEPT_AT_END });
      assert.equal(first.kept.length, 1);
      assert.equal(first.kept[0]!.step, first.result.steps);
      const second = await whole(device, run, { ...run.more, epochs: epochs + 1 }, first.kept[0]!);
      // It was evaluated at its first end too, where the longer run has no evaluation.
      const { evaluations: [, ...later], ...rest } = second.outcome;
      const { evaluations: wanted, ...expected } = straight.outcome;
      assert.equal(later.at(-1)!.step, wanted.at(-1)!.step);
      assert.deepEqual(later.at(-1)!.metrics, wanted.at(-1)!.metrics);
      assert.deepEqual(rest, expected);
    }));
}
