import assert from "node:assert/strict";
import type { TrainEvent } from "../../page/train/messages.ts";
import { FORM_DEFAULTS, runOptionsOf, type TrainForm } from "../../page/train/form.ts";
import { Race } from "../../page/train/race.ts";
import { openDevice } from "../../kernels/open.ts";
import type { Device } from "../../kernels/types.ts";
import { runTraining } from "../../train/run/run_training.ts";
import { DeviceLostError } from "../../kernels/device_lost.ts";

/** Trains both runs on the CPU device; what was told. */
async function race(
  form: TrainForm,
  open = async () => (await openDevice({ device: "cpu", threads: 1 })).device,
  heard: (event: TrainEvent, race: Race) => void = () => {},
): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  const both: Race = new Race({
    form,
    paused: false,
    openDevice: open,
    tell: (event) => {
      events.push(event);
      heard(event, both);
    },
  });
  await both.run();
  return events;
}

const of = <Kind extends TrainEvent["kind"]>(events: readonly TrainEvent[], kind: Kind) =>
  events.filter((event): event is Extract<TrainEvent, { kind: Kind }> => event.kind === kind);

Deno.test("both runs of the page have the losses that each has alone, however they take turns", async () => {
  const form = { ...FORM_DEFAULTS, workload: "rm4", maxSteps: 90, window: 20 } as const;
  const events = await race(form);
  const ended = of(events, "ended").toSorted((a, b) => a.run - b.run);
  for (const [run, plan] of (["fae", "slipstream"] as const).entries()) {
    const options = runOptionsOf(form, plan);
    const { losses, metrics, plan: document } = await runTraining({
      ...options,
      device: { ...options.device, kind: "cpu", threads: 1 },
    });
    // Documents hold as many digits as tell float32 numbers apart.
    assert.deepEqual(ended[run]!.summary.losses, Float32Array.from(losses as number[]));
    assert.equal(ended[run]!.summary.auc, metrics!.auc);
    if (plan === "fae") continue;
    const [decision, ...others] = document!.decisions;
    assert.equal(others.length, 0);
    const [told] = of(events, "decision");
    assert.equal(told!.decision.threshold, decision!.threshold);
    assert.equal(told!.decision.window, 20);
    const { scores, rows } = told!.decision;
    assert.equal(scores.length, of(events, "watching")[0]!.rows);
    assert.equal(rows.stale, decision!.tables.reduce((sum, { stale }) => sum + stale, 0));
    // Some rows are stale and some are not, or the picture shows nothing.
    const stale = scores.filter((score) => score < decision!.threshold).length;
    assert.ok(stale > 0 && stale < scores.length);
  }
  const last = of(events, "progress").findLast(({ run }) => run === 1)!.progress;
  assert.ok(last.skipped > 0 && last.trained === 90 * 128);
});

Deno.test("a device that is lost ends both runs in one sentence", async () => {
  let device: Device | null = null;
  const open = async () => {
    const real = (await openDevice({ device: "cpu", threads: 1 })).device;
    return device = new Proxy(real, {
      get: (target, name) => {
        if (name === "sync" && lost) return () => Promise.reject(new DeviceLostError("unplugged"));
        if (name === "loss") {
          return () => Promise.resolve(lost ? new DeviceLostError("unplugged") : null);
        }
        const value = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  };
  let lost = false;
  const form = { ...FORM_DEFAULTS, workload: "rm4" } as const;
  await assert.rejects(
    race(form, open, (event) => lost ||= event.kind === "reading"),
    /^TrainingFailure: Cannot go on with WebGPU: the device is lost \(unplugged\), after step \d+$/,
  );
  assert.notEqual(device, null);
});
