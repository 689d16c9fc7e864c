/**
 * Speed of every kernel at the shapes of RM2's training step.
 *
 * @module
 */

import { openDevice } from "../../kernels/open.ts";
import type { Experiment, Findings, Settings } from "../experiment.ts";
import { benchKernels } from "../kernels.ts";

/** Each op by itself: time, GFLOP/s, GB/s. */
export const kernelsExperiment: Experiment = {
  name: "kernels",
  summary: "Each kernel by itself at RM2's shapes: time, GFLOP/s, GB/s by its record",
  async run({ device: kind, wide, batch, smoke, say, signal }: Settings): Promise<Findings> {
    const { device, reason } = await openDevice({ device: kind, wide });
    try {
      say(`Device: ${device.info.kind}, ${device.info.name} (${reason})`);
      const size = batch[0] ?? (smoke ? 8 : 1024);
      const rows = await benchKernels(device, {
        batch: size,
        signal,
        ...(smoke ? { samples: 1, sampleMs: 0 } : {}),
      });
      return {
        tables: [{
          title: `Kernels at RM2's shapes, minibatches of ${size}, on ${device.info.name}`,
          columns: [
            { name: "op" },
            { name: "shape" },
            { name: "µs, median", format: one },
            { name: "GFLOP/s", format: one },
            { name: "GB/s", format: one },
          ],
          rows: rows.map(({ op, shape, us, gflop_s, gb_s }) => [op, shape, us, gflop_s, gb_s]),
        }],
        notes: device.info.isFallbackAdapter
          ? [`${device.info.name} is a software adapter: its speed says nothing`]
          : [],
      };
    } finally {
      device.dispose();
    }
  },
};

const one = (x: number): string => x.toFixed(1);
