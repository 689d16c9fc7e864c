/**
 * Training throughput beside PyTorch: same shapes, same weights, same minibatches, in turn in one run.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { checkpoint } from "../../core/events.ts";
import { formatCount } from "../../core/format.ts";
import { summarise } from "../../core/statistics.ts";
import { openSynthetic } from "../../data/synthetic.ts";
import type { Inputs } from "../../data/types.ts";
import { openDevice } from "../../kernels/open.ts";
import type { Device } from "../../kernels/types.ts";
import type { Model } from "../../train/model/model.ts";
import { readMatrix } from "../../train/model/matrices.ts";
import { optimizerOf } from "../../train/model/optimizers.ts";
import { PRESETS } from "../../train/model/presets.ts";
import { type RunSetup, setUpRun } from "../../train/run/setup.ts";
import { writeSafetensors } from "../../train/weights/safetensors.ts";
import { saveWeights, WEIGHTS_FILE } from "../../train/weights/weights.ts";
import { deviceNote } from "../device_note.ts";
import type { Experiment, Findings, ResultTable, Sample, Settings } from "../experiment.ts";
import { findPython, PyTorchPeer, writePeerFolder } from "../peers/pytorch.ts";
import { readMinibatches, StepRunner } from "../steps.ts";

/** Tables of the agreement check: small enough to hand over as a file. */
const CHECK_ROWS = 2000;
const CHECK_STEPS = 20;
const TIMED_STEPS = 10;

/** Ours and PyTorch's DLRM, side by side. */
export const peersExperiment: Experiment = {
  name: "peers",
  summary:
    "Training throughput beside PyTorch, where it is installed: same model, same minibatches, in turn",
  title: "Beside PyTorch",
  suite: "full",
  async run(settings: Settings): Promise<Findings> {
    const found = await findPython(settings.python);
    if ("missing" in found) {
      const missing = `no Python with torch and numpy was found (${found.missing}); ` +
        `install it (Debian: python3-torch and libopenblas0-pthread) or name one with --python`;
      if (settings.python !== null) {
        throw new UserError(`Cannot compare with PyTorch: ${missing}`);
      }
      return { tables: [], notes: [`Nothing was compared: ${missing}`] };
    }
    const { device } = await openDevice(settings);
    try {
      const agreement = await checkAgreement(device, found.python, settings);
      const tables = [agreement];
      const samples: Sample[] = [];
      const notes = [
        "A step is lookups grouped, minibatch uploaded, forward, backward, update; PyTorch's minibatches lie on its device already",
      ];
      const batches = settings.batch.length > 0
        ? settings.batch
        : settings.smoke
        ? [16]
        : device.info.kind === "webgpu"
        ? [1024, 2048, 4096]
        : [1024];
      for (const batch of batches) {
        const { table, times, blas } = await timeSideBySide(device, found.python, batch, settings);
        tables.push(table);
        samples.push(...times);
        if (blas !== "") notes.push(`PyTorch's BLAS: ${blas}`);
      }
      if (device.info.isFallbackAdapter) {
        notes.push(
          `${device.info.name} is a software adapter: its speed says nothing, so that no ratio is given`,
        );
      }
      return { tables, samples, device: deviceNote(device.info), notes: [...new Set(notes)] };
    } finally {
      device.dispose();
    }
  },
};

/** Runs body in a temporary folder that is removed afterwards. */
async function inFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "slipstream-peers-" });
  try {
    return await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A model of RM2's widths with tables of some size, and minibatches for it. */
async function setUp(
  device: Device,
  tableRows: readonly number[],
  batch: number,
  count: number,
): Promise<{ run: RunSetup; minibatches: Inputs[] }> {
  const dataset = openSynthetic({ inputs: Math.ceil(1.2 * batch * count) + 7, tableRows });
  const run = await setUpRun({
    data: dataset,
    model: { preset: "rm2", shape: { tables: tableRows } },
    training: { batch, optimizer: "sgd" },
    device: { open: { device, host: null } },
  });
  return { run, minibatches: await readMinibatches(dataset, batch, count) };
}

/** Both train from the same weights on the same minibatches; their losses must be the same but for rounding. */
async function checkAgreement(
  device: Device,
  python: string,
  { smoke, say }: Settings,
): Promise<Findings["tables"][number]> {
  say("Checking that both compute the same");
  const preset = PRESETS.rm2;
  const batch = smoke ? 16 : preset.batch;
  const tableRows = preset.tableRows.map((rows) => Math.min(rows, CHECK_ROWS));
  const { run, minibatches } = await setUp(device, tableRows, batch, 4);
  using _ = run;
  const { model, shape } = run;
  await model.initialise(1);
  const steps = smoke ? 2 : CHECK_STEPS;
  const theirs = await inFolder(async (folder) => {
    await saveWeights(model, {
      model: "dlrm",
      table_rows: shape.tableRows,
      dim: shape.dim,
      bottom: shape.bottom,
      top: shape.top,
      optimizer: optimizerOf("sgd"),
    }, folder);
    await writePeerFolder(folder, shape, minibatches, preset.learningRate);
    const peer = await PyTorchPeer.start(python, folder, "cpu", 0);
    try {
      return (await peer.run(steps)).losses;
    } finally {
      await peer.close();
    }
  });
  const ours = (await new StepRunner(model, minibatches, preset.learningRate).run(steps)).losses;
  const worst = Math.max(...theirs.map((loss, s) => Math.abs(loss - ours[s]!) / loss));
  return {
    title: `Agreement over ${steps} steps of ${batch} from the same weights`,
    columns: [
      { name: "who" },
      { name: "first loss", format: (x) => x.toFixed(6) },
      { name: "last loss", format: (x) => x.toFixed(6) },
      { name: "largest relative difference", format: (x) => x.toExponential(1) },
    ],
    rows: [
      ["PyTorch", theirs[0]!, theirs.at(-1)!, null],
      ["ours", ours[0]!, ours.at(-1)!, worst],
    ],
  };
}

/** Published table sizes; rounds in turn: ours, then PyTorch under each thread setting. */
async function timeSideBySide(
  device: Device,
  python: string,
  batch: number,
  { smoke, rounds, say, signal }: Settings,
): Promise<{ table: Findings["tables"][number]; times: Sample[]; blas: string }> {
  const preset = PRESETS.rm2;
  const tableRows = smoke ? preset.tableRows.map((rows) => Math.min(rows, 50)) : preset.tableRows;
  say(`Timing minibatches of ${batch}, ${formatCount(tableRows.reduce((a, b) => a + b, 0))} rows`);
  const { run, minibatches } = await setUp(device, tableRows, batch, smoke ? 1 : 8);
  using _ = run;
  const { model, shape } = run;
  const peers: PyTorchPeer[] = [];
  try {
    await model.initialise(1);
    await inFolder(async (folder) => {
      await savePeerWeights(model, folder);
      await writePeerFolder(folder, shape, minibatches, preset.learningRate);
      const gpu = device.info.kind === "webgpu" && !device.info.isFallbackAdapter;
      // Torch's own default can be one thread or all of them; both settings are timed and the faster one counts.
      const settings = gpu ? [0] : [0, navigator.hardwareConcurrency];
      for (const threads of settings) {
        peers.push(await PyTorchPeer.start(python, folder, gpu ? "cuda" : "cpu", threads));
      }
    });
    const runner = new StepRunner(model, minibatches, preset.learningRate);
    const steps = smoke ? 1 : TIMED_STEPS;
    await runner.run(steps);
    for (const peer of peers) await peer.run(steps);
    const ours: number[] = [];
    const theirs: number[][] = peers.map(() => []);
    for (let round = 0; round < rounds; round++) {
      await checkpoint(signal);
      say(`Round ${round + 1} of ${rounds}`);
      ours.push((await runner.run(steps)).ms / steps);
      for (const [i, peer] of peers.entries()) theirs[i]!.push((await peer.run(steps)).ms / steps);
    }
    const sample = (who: string, values: readonly number[]): Sample => ({
      name: `minibatch ${batch}/${who}`,
      unit: "ms",
      better: "lower",
      timing: true,
      values,
    });
    return {
      times: [
        sample("ours", ours),
        ...peers.map((_, i) =>
          sample(`PyTorch, ${i === 0 ? "its default" : "all cores"}`, theirs[i]!)
        ),
      ],
      table: sideBySide({
        title: `RM2 ${
          smoke ? "cut short" : "at its published size"
        }, minibatches of ${batch}, in turn: ${rounds} × ${steps} steps`,
        batch,
        ours: {
          name: `ours, ${device.info.name}, ${device.info.threads} threads`,
          times: ours,
        },
        peers: peers.map((peer, i) => ({
          name: `PyTorch ${peer.info.torch}, ${peer.info.name}${i === 0 ? " (its default)" : ""}`,
          times: theirs[i]!,
        })),
        software: device.info.isFallbackAdapter,
      }),
      blas: peers[0]!.info.blas,
    };
  } finally {
    for (const peer of peers) await peer.close();
  }
}

/** Times of steps in milliseconds, round by round. */
interface Timed {
  readonly name: string;
  readonly times: readonly number[];
}

/** A line a side. Ratios, of times of one round each, are left out where a software adapter took ours: they would say nothing. */
export function sideBySide(
  { title, batch, ours, peers, software }: {
    readonly title: string;
    /** Inputs a minibatch. */
    readonly batch: number;
    readonly ours: Timed;
    readonly peers: readonly Timed[];
    readonly software: boolean;
  },
): ResultTable {
  const range = ([low, high]: readonly [number, number]): string =>
    `${low.toFixed(2)} … ${high.toFixed(2)}`;
  return {
    title,
    columns: [
      { name: "who" },
      { name: "ms a step, median", format: (x) => x.toFixed(2) },
      { name: "95 % interval", align: "right" },
      { name: "samples/s", format: formatCount },
      ...(software ? [] : [
        { name: "time ÷ ours", format: (x: number) => x.toFixed(2) },
        { name: "95 % interval", align: "right" as const },
      ]),
    ],
    rows: [ours, ...peers].map(({ name, times }) => {
      const { median, interval } = summarise(times);
      const ratios = summarise(times.map((ms, i) => ms / ours.times[i]!));
      return [
        name,
        median,
        range(interval),
        1000 * batch / median,
        ...(software ? [] : [ratios.median, range(ratios.interval)]),
      ];
    }),
  };
}

/** The MLPs alone: each side draws its own 2 GB of tables, whose values do not change the time. */
async function savePeerWeights(model: Model, folder: string): Promise<void> {
  await writeSafetensors(
    `${folder}/${WEIGHTS_FILE}`,
    model.parameters.map(({ name, shape, value }) => ({
      name,
      dtype: "F32" as const,
      shape,
      async *chunks() {
        yield await readMatrix(model.device, value);
      },
    })),
    { format: "pt" },
  );
}
