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
import { countColumn, intervalColumn, numberColumn, plainColumn, tableOf } from "../columns.ts";
import {
  defineExperiment,
  type Findings,
  type ResultTable,
  type Sample,
  type SettingsOf,
} from "../experiment.ts";
import { timeSample } from "../samples.ts";
import {
  findPython,
  PEER_FORMS,
  type PeerForm,
  type PeerOptions,
  PyTorchPeer,
  writePeerFolder,
} from "../peers/pytorch.ts";
import { readMinibatches, StepRunner } from "../steps.ts";

/** Tables of the agreement check: small enough to hand over as a file. */
const CHECK_ROWS = 2000;
const CHECK_STEPS = 20;
const TIMED_STEPS = 10;
/** A step on a GPU takes a millisecond or less. */
const TIMED_GPU_STEPS = 100;

const FLAGS = ["device", "threads", "batch", "rounds", "python"] as const;
type OwnSettings = SettingsOf<typeof FLAGS[number]>;

/** Ours and PyTorch's DLRM, side by side. */
export const peersExperiment = defineExperiment({
  name: "peers",
  summary:
    "Training throughput beside PyTorch, where it is installed: same model, same minibatches, in turn",
  title: "Beside PyTorch",
  suite: "full",
  flags: FLAGS,
  async run(settings): Promise<Findings> {
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
      const tables = [agreement.table];
      const samples: Sample[] = [];
      const notes = [
        "A step is lookups grouped, minibatch uploaded, forward, backward, update; PyTorch's minibatches lie on its device already",
        "PyTorch, eager: EmbeddingBag with sparse gradients, as DLRM's own program; one table: rows of all tables gathered from one tensor and updated in it, on a GPU with the step captured as a CUDA graph; FBGEMM: table-batched embeddings",
        ...agreement.missing,
        ...(found.note === undefined ? [] : [found.note]),
      ];
      const batches = settings.batch.length > 0
        ? settings.batch
        : settings.smoke
        ? [16]
        : device.info.kind === "webgpu"
        ? [1024, 2048, 4096]
        : [1024];
      for (const batch of batches) {
        const { table, times, about } = await timeSideBySide(device, found.python, batch, settings);
        tables.push(table);
        samples.push(...times);
        notes.push(...about);
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
});

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

/** What a form of PyTorch is called in tables. */
const FORM_NAMES: Readonly<Record<PeerForm, string>> = {
  eager: "eager",
  graphs: "one table",
  fbgemm: "FBGEMM",
};

/** All train from the same weights on the same minibatches; their losses must be the same but for rounding. */
async function checkAgreement(
  device: Device,
  python: string,
  { smoke, say }: OwnSettings,
): Promise<{ readonly table: ResultTable; readonly missing: readonly string[] }> {
  say("Checking that all compute the same");
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
    const start = { python, folder, device: "cpu", threads: 0 } as const;
    const found: { form: PeerForm; losses: readonly number[] }[] = [];
    const missing: string[] = [];
    for (const form of PEER_FORMS) {
      const peer = await PyTorchPeer.start({ ...start, form });
      if ("unavailable" in peer) missing.push(missingNote(form, peer.unavailable));
      else found.push({ form, losses: await lossesOf(peer, steps) });
    }
    return { found, missing };
  });
  const ours = (await new StepRunner(model, minibatches, preset.learningRate).run(steps)).losses;
  const title = `Agreement over ${steps} steps of ${batch} from the same weights`;
  const table = tableOf({ title }, [
    { who: "ours", losses: ours },
    ...theirs.found.map(({ form, losses }) => ({ who: `PyTorch, ${FORM_NAMES[form]}`, losses })),
  ], [
    plainColumn("who", ({ who }) => who),
    numberColumn("first loss", 6, ({ losses }) => losses[0]!),
    numberColumn("last loss", 6, ({ losses }) => losses.at(-1)!),
    {
      name: "largest relative difference from ours",
      format: (x) => x.toExponential(1),
      cell: ({ losses }) =>
        losses === ours
          ? null
          : Math.max(...losses.map((loss, s) => Math.abs(loss - ours[s]!) / ours[s]!)),
    },
  ]);
  return { table, missing: theirs.missing };
}

function missingNote(form: PeerForm, why: string): string {
  return `PyTorch, ${FORM_NAMES[form]}, was not compared: ${why}`;
}

async function lossesOf(peer: PyTorchPeer, steps: number): Promise<readonly number[]> {
  try {
    return (await peer.run(steps)).losses;
  } finally {
    await peer.close();
  }
}

/** A peer that is timed. */
interface TimedPeer {
  readonly name: string;
  readonly peer: PyTorchPeer;
}

/**
 * Every form that is to be had. On a CPU torch's own default can be one thread or all of them, so that both are timed for the
 * eager form; the fastest line is what counts.
 */
async function startPeers(
  start: Pick<PeerOptions, "python" | "folder">,
  gpu: boolean,
): Promise<{ readonly peers: readonly TimedPeer[]; readonly missing: readonly string[] }> {
  const all = navigator.hardwareConcurrency;
  const wanted: readonly { form: PeerForm; threads: number }[] = gpu
    ? PEER_FORMS.map((form) => ({ form, threads: 0 }))
    : [{ form: "eager", threads: 0 }, ...PEER_FORMS.map((form) => ({ form, threads: all }))];
  const peers: TimedPeer[] = [], missing: string[] = [];
  for (const { form, threads } of wanted) {
    const device = gpu ? "cuda" : "cpu";
    const peer = await PyTorchPeer.start({ ...start, device, form, threads });
    if ("unavailable" in peer) missing.push(missingNote(form, peer.unavailable));
    else {
      const captured = gpu && form === "graphs" ? " in a CUDA graph" : "";
      const which = threads === 0 && !gpu ? " (its default)" : "";
      peers.push({
        name: `PyTorch ${peer.info.torch}, ${
          FORM_NAMES[form]
        }${captured}, ${peer.info.name}${which}`,
        peer,
      });
    }
  }
  return { peers, missing };
}

/** Published table sizes; rounds in turn: ours, then PyTorch in each form. */
async function timeSideBySide(
  device: Device,
  python: string,
  batch: number,
  { smoke, rounds, say, signal }: OwnSettings,
): Promise<{ table: ResultTable; times: Sample[]; about: readonly string[] }> {
  const preset = PRESETS.rm2;
  const tableRows = smoke ? preset.tableRows.map((rows) => Math.min(rows, 50)) : preset.tableRows;
  say(`Timing minibatches of ${batch}, ${formatCount(tableRows.reduce((a, b) => a + b, 0))} rows`);
  const { run, minibatches } = await setUp(device, tableRows, batch, smoke ? 1 : 8);
  using _ = run;
  const { model, shape } = run;
  const gpu = device.info.kind === "webgpu" && !device.info.isFallbackAdapter;
  await model.initialise(1);
  const { peers, missing } = await inFolder(async (folder) => {
    await savePeerWeights(model, folder);
    await writePeerFolder(folder, shape, minibatches, preset.learningRate);
    return await startPeers({ python, folder }, gpu);
  });
  try {
    const runner = new StepRunner(model, minibatches, preset.learningRate);
    const steps = smoke ? 1 : gpu ? TIMED_GPU_STEPS : TIMED_STEPS;
    await runner.run(steps);
    for (const { peer } of peers) await peer.run(steps);
    const ours: number[] = [];
    const theirs: number[][] = peers.map(() => []);
    for (let round = 0; round < rounds; round++) {
      await checkpoint(signal);
      say(`Round ${round + 1} of ${rounds}`);
      ours.push((await runner.run(steps)).ms / steps);
      for (const [i, { peer }] of peers.entries()) {
        theirs[i]!.push((await peer.run(steps)).ms / steps);
      }
    }
    const blas = peers[0]?.peer.info.blas ?? "";
    return {
      times: [
        timeSample(`minibatch ${batch}/ours`, "ms", ours),
        ...peers.map(({ name }, i) => timeSample(`minibatch ${batch}/${name}`, "ms", theirs[i]!)),
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
        peers: peers.map(({ name }, i) => ({ name, times: theirs[i]! })),
        software: device.info.isFallbackAdapter,
      }),
      about: [...missing, ...blas === "" ? [] : [`PyTorch's BLAS: ${blas}`]],
    };
  } finally {
    for (const { peer } of peers) await peer.close();
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
  const ratios = (times: readonly number[]) => summarise(times.map((ms, i) => ms / ours.times[i]!));
  return tableOf({ title }, [ours, ...peers], [
    plainColumn("who", ({ name }) => name),
    numberColumn("ms a step, median", 2, ({ times }) => summarise(times).median),
    intervalColumn("95 % interval", ({ times }) => summarise(times).interval),
    countColumn("samples/s", ({ times }) => 1000 * batch / summarise(times).median),
    ...(software ? [] : [
      numberColumn<Timed>("time ÷ ours", 2, ({ times }) => ratios(times).median),
      intervalColumn<Timed>("95 % interval", ({ times }) => ratios(times).interval),
    ]),
  ]);
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
