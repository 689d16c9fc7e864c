import assert from "node:assert/strict";
import { openCpuDevice } from "../../../kernels/cpu/device.ts";
import type { Device, Optimizer } from "../../../kernels/types.ts";
import { openWebGpuDevice } from "../../../kernels/webgpu/device.ts";
import type { Placement } from "../../../train/model/placement.ts";
import { webGpuAvailable } from "../../kernels/webgpu_available.ts";
import { drawnRun, PLANS, runToy, type ToyOutcome, type ToyRun } from "./plan_cases.ts";

const ADAGRAD: Optimizer = { kind: "adagrad", eps: 1e-10 };
const ROWWISE: Optimizer = { kind: "rowwise-adagrad", eps: 1e-10 };

async function onCpu<T>(body: (device: Device) => Promise<T>): Promise<T> {
  const device = await openCpuDevice({ threads: 1 });
  try {
    return await body(device);
  } finally {
    device.dispose();
  }
}

/** What must be the same wherever rows are. */
function results({ trained, numbers, result }: ToyOutcome) {
  const { plan } = result;
  return {
    inputs: trained.map(({ inputs }) => inputs),
    rows: trained.map(({ rows }) => rows.toSorted((a, b) => a - b)),
    losses: [...result.losses],
    numbers: numbers.map((some) => [...some]),
    decisions: plan.decisions.map(({ threshold, share, tables, woken, fallen_asleep }) => ({
      ...{ threshold, share, tables, woken, fallen_asleep },
    })),
    watched: plan.watched,
    rounds: plan.rounds,
    skipped: plan.skipped_inputs,
    evaluations: result.evaluations,
  };
}

for (const [name, plan] of Object.entries(PLANS)) {
  Deno.test(`${name}: the same bits wherever rows are`, () =>
    onCpu(async (device) => {
      const run: ToyRun = drawnRun(false, 120, {
        plan: { ...plan, watch: 3 },
        optimizer: ADAGRAD,
        more: { batch: 4, evalEvery: 7 },
      });
      const wanted = results(await runToy(run, device));
      for (const placement of ["hybrid", "hot"] as const) {
        const outcome = await runToy({ ...run, placement }, device);
        assert.deepEqual(results(outcome), wanted, placement);
      }
      // Another order of training, or another way to skip, is another result.
      const fae = await runToy({ ...run, plan: { name: "fae" } }, device);
      if (name !== "fae") assert.notDeepEqual([...fae.result.losses], wanted.losses);
    }));
}

Deno.test("sequences, several epochs: the same bits wherever rows are", () =>
  onCpu(async (device) => {
    for (const decide of ["once", "epoch"] as const) {
      const run: ToyRun = drawnRun(true, 90, {
        plan: { name: "slipstream", warmup: 0, window: 3, alpha: 2, decide, drop: 0.5 },
        optimizer: ROWWISE,
        more: { batch: 4, epochs: 2, shuffle: true },
      });
      const wanted = results(await runToy(run, device));
      assert.equal(wanted.decisions.length, decide === "once" ? 1 : 2);
      for (const placement of ["hybrid", "hot"] as const) {
        assert.deepEqual(results(await runToy({ ...run, placement }, device)), wanted, placement);
      }
    }
  }));

Deno.test("Adagrad's state moves with its rows, but not with the artifact", () =>
  onCpu(async (device) => {
    const of = (placement: Placement, mode: "corrected" | "artifact", optimizer: Optimizer) =>
      runToy(
        drawnRun(false, 60, {
          placement,
          optimizer,
          plan: { name: "fae", mode },
          more: { batch: 4 },
        }),
        device,
      );
    for (const optimizer of [ADAGRAD, ROWWISE]) {
      const one = await of("device", "artifact", optimizer);
      const two = await of("hot", "artifact", optimizer);
      assert.notDeepEqual(two.numbers, one.numbers, "hot rows start the hot phase at zero");
      const cold = one.records.filter(({ kind }) => kind === "cold").length;
      assert.deepEqual(
        [...two.result.losses.subarray(0, cold)],
        [...one.result.losses.subarray(0, cold)],
      );
    }
    // Without state the artifact's two copies are as good as one.
    const sgd: Optimizer = { kind: "sgd" };
    const [one, two] = [await of("device", "artifact", sgd), await of("hot", "artifact", sgd)];
    assert.deepEqual(two.numbers, one.numbers);
  }));

Deno.test("in epochs after the first, cold minibatches see what hot ones have learnt", () =>
  onCpu(async (device) => {
    const run: ToyRun = drawnRun(false, 60, {
      plan: { name: "fae" },
      optimizer: ADAGRAD,
      more: { batch: 4, epochs: 3, shuffle: true },
    });
    assert.deepEqual(
      results(await runToy({ ...run, placement: "hot" }, device)),
      results(await runToy(run, device)),
    );
  }));

Deno.test("a table without a hot row is no hindrance", () =>
  onCpu(async (device) => {
    // No input is hot then but for sequences or plans that need none: skip-hot.
    const run = { ...drawnRun(false, 60, { plan: { name: "skip-hot" } }), hot: [[0, 1], [0], []] };
    await assert.rejects(
      runToy({ ...run, placement: "hot" }, device),
      /Cannot train hot inputs: none of 60 inputs has hot rows alone/,
    );
  }));

Deno.test({
  name: "WebGPU: every plan decides and trains as on the CPU, with hybrid and hot placement",
  ignore: !webGpuAvailable,
  fn: () =>
    onCpu(async (cpu) => {
      const gpu = await openWebGpuDevice({ adapter: "any" });
      try {
        for (const [name, plan] of Object.entries(PLANS)) {
          const run = drawnRun(false, 80, {
            plan,
            optimizer: ADAGRAD,
            more: { batch: 4, schedule: { ...FLAT, base: 0.02 } },
          });
          const wanted = await runToy(run, cpu);
          for (const placement of ["hybrid", "hot"] as const) {
            const got = await runToy({ ...run, placement, host: cpu }, gpu);
            const what = `${name}, ${placement}`;
            assert.deepEqual(
              got.trained.map(({ inputs }) => inputs),
              wanted.trained.map(({ inputs }) => inputs),
              what,
            );
            near(got.result.losses, wanted.result.losses, what);
            got.numbers.forEach((some, i) => near(some, wanted.numbers[i]!, what));
          }
        }
      } finally {
        gpu.dispose();
      }
    }),
});

const FLAT = { warmupSteps: 0, decayStartStep: 0, decaySteps: 0 };

function near(got: Float32Array, want: Float32Array, what: string): void {
  assert.equal(got.length, want.length, what);
  got.forEach((x, i) =>
    assert.ok(
      Math.abs(x - want[i]!) <= 1e-3 * (1 + Math.abs(want[i]!)),
      `${what}: ${x}, ${want[i]}`,
    )
  );
}

Deno.test("an interrupted run leaves the model with its hot rows as they are, checkpoint or not", () =>
  onCpu(async (device) => {
    const numbers = async (placement: Placement) => {
      const controller = new AbortController();
      const outcome = await runToy(
        drawnRun(false, 60, {
          plan: { name: "fae" },
          placement,
          more: {
            batch: 4,
            signal: controller.signal,
            trace: {
              add: ({ step }) => step === 9 && controller.abort(new Error("stop")),
              snapshot: () => new Map(),
              restore: () => {},
            },
          },
        }),
        device,
      );
      assert.equal(outcome.result.ended, "interrupted");
      assert.equal(outcome.trained.at(-1)!.route, placement === "hot" ? "hot" : "full");
      return outcome.numbers;
    };
    assert.deepEqual(await numbers("hot"), await numbers("device"));
  }));
