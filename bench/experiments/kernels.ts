/**
 * Speed of every kernel at the shapes of RM2's and RM1's training steps, beside what the machine can reach.
 *
 * @module
 */

import { openDevice } from "../../kernels/open.ts";
import type { DeviceKind } from "../../kernels/types.ts";
import { findAdapter } from "../../kernels/webgpu/adapter.ts";
import { KERNEL_CHOICES, type KernelChoice } from "../../kernels/webgpu/variants.ts";
import { deviceNote } from "../device_note.ts";
import { defineExperiment, type Findings, type SettingsOf } from "../experiment.ts";
import { kernelFindings, type MeasuredKernels, measureKernels } from "../kernel_findings.ts";

const FLAGS = ["device", "threads", "batch", "kernels"] as const;
type OwnSettings = SettingsOf<typeof FLAGS[number]>;

/** Each op by itself: time, GFLOP/s, GB/s, share of the machine's limit. */
export const kernelsExperiment = defineExperiment({
  name: "kernels",
  summary:
    "Each kernel by itself at the shapes of RM2 and RM1: time, GFLOP/s, GB/s, share of this machine's limit",
  title: "Kernels of this machine",
  suite: "full",
  flags: FLAGS,
  async run(settings): Promise<Findings> {
    const measured: MeasuredKernels[] = [];
    for (const { kind, choice } of await choices(settings)) {
      const kernels = KERNEL_CHOICES[choice];
      const { device, reason } = await openDevice({ ...settings, device: kind, kernels });
      try {
        const plain = deviceNote(device.info);
        const name = choice === "standard" ? plain.name : `${plain.name} (${choice})`;
        settings.say(`Device: ${kind}, ${name} (${reason})`);
        const batch = settings.batch[0];
        measured.push(
          await measureKernels(device, { ...plain, name }, choice, { ...settings, batch }),
        );
      } finally {
        device.dispose();
      }
    }
    return kernelFindings(measured);
  },
});

/** The devices to measure, WebGPU once for each choice of kernels. */
async function choices(
  settings: OwnSettings,
): Promise<{ kind: DeviceKind; choice: KernelChoice }[]> {
  return (await kinds(settings)).flatMap((kind) =>
    (kind === "cpu" ? ["standard" as const] : settings.kernels).map((choice) => ({ kind, choice }))
  );
}

/**
 * The devices to measure: the one that is asked for; else the CPU, and a GPU where there is one. A software adapter, whose
 * speed says nothing, has to be asked for.
 */
async function kinds({ device }: OwnSettings): Promise<DeviceKind[]> {
  if (device !== "auto") return [device];
  return await findAdapter("hardware") === null ? ["cpu"] : ["cpu", "webgpu"];
}
