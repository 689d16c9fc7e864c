/**
 * RM2 at its published size: 33.8 million rows, 2.16 GB of tables. Does it fit, and how fast is a step?
 *
 * @module
 */

import { checkpoint } from "../../core/events.ts";
import { formatCount } from "../../core/format.ts";
import { summarise } from "../../core/statistics.ts";
import { openSynthetic } from "../../data/synthetic.ts";
import { PRESETS } from "../../train/model/presets.ts";
import { setUpRun } from "../../train/run/setup.ts";
import { deviceNote } from "../device_note.ts";
import type { Experiment, Findings, Settings } from "../experiment.ts";
import { readMinibatches, StepRunner } from "../steps.ts";

/** Memory and time at the published table sizes. */
export const memoryExperiment: Experiment = {
  name: "memory",
  summary:
    "RM2 with its published tables (33.8 million rows, 2.16 GB): memory of the process, time a step",
  title: "Memory at the published size",
  suite: "full",
  async run(
    { device: kind, wide, threads, batch: batches, rounds, smoke, say, signal }: Settings,
  ): Promise<Findings> {
    const preset = PRESETS.rm2;
    const batch = batches[0] ?? (smoke ? 16 : preset.batch);
    const tableRows = smoke ? preset.tableRows.map((rows) => Math.min(rows, 50)) : preset.tableRows;
    using run = await setUpRun({
      data: openSynthetic({ inputs: Math.max(1000, 12 * batch), tableRows }),
      model: { preset: "rm2", shape: { tables: tableRows } },
      training: { batch },
      device: { kind, wide, threads },
    });
    const { dataset, shape, model, devices: { device } } = run;
    say(`Filling ${formatCount(model.tables.totalRows)} rows`);
    const begun = performance.now();
    await model.initialise(1);
    await device.sync();
    const filled = performance.now() - begun;
    const runner = new StepRunner(
      model,
      await readMinibatches(dataset, batch, smoke ? 1 : 8),
      preset.learningRate,
    );
    const steps = smoke ? 1 : 8;
    await runner.run(steps);
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await checkpoint(signal);
      times.push((await runner.run(steps)).ms / steps);
    }
    const { median, p90 } = summarise(times);
    const rows: [string, number][] = [
      ["rows", model.tables.totalRows],
      ["tables, GB", 4 * shape.dim * model.tables.totalRows / 1e9],
      ["device memory at its peak, GB", device.counters.peakBytesAllocated / 1e9],
      ["resident memory of the process, GB", Deno.memoryUsage().rss / 1e9],
      ["filling the tables, s", filled / 1000],
      ["ms a step, median", median],
      ["ms a step, p90", p90],
      ["samples/s", 1000 * batch / median],
    ];
    return {
      tables: [{
        title: `RM2 ${
          smoke ? "cut short" : "at its published size"
        }, minibatches of ${batch}, on ${device.info.name}`,
        columns: [{ name: "what" }, { name: "value", format: mixed }],
        rows,
      }],
      samples: [
        { name: "step", unit: "ms", better: "lower", timing: true, values: times },
        { name: "filling", unit: "s", better: "lower", timing: true, values: [filled / 1000] },
        {
          name: "device memory",
          unit: "bytes",
          better: "lower",
          timing: false,
          values: [device.counters.peakBytesAllocated],
        },
      ],
      device: deviceNote(device.info),
      notes: device.info.isFallbackAdapter
        ? [`${device.info.name} is a software adapter: its speed says nothing`]
        : [],
    };
  },
};

/** Counts and rates whole, all else with two decimals. */
function mixed(value: number): string {
  return value >= 1000 || Number.isInteger(value) ? formatCount(value) : value.toFixed(2);
}
