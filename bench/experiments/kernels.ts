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
  title: "Kernels of this machine",
  suite: "full",
  async run(settings: Settings): Promise<Findings> {
    const { batch, smoke, say, signal } = settings;
    const { device, reason } = await openDevice(settings);
    try {
      say(`Device: ${device.info.kind}, ${device.info.name} (${reason})`);
      const size = batch[0] ?? (smoke ? 8 : 1024);
      const rows = await benchKernels(device, {
        batch: size,
        signal,
        ...(smoke ? { samples: 1, sampleMs: 0, hotRows: 1000 } : {}),
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
            { name: "M lookups/s", format: one },
          ],
          rows: rows.map((row) => [
            ...[row.op, row.shape, row.us, row.gflop_s, row.gb_s, row.mlookups_s],
          ]),
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
