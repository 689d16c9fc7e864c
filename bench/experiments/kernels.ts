/**
 * Speed of every kernel at the shapes of RM2's and RM1's training steps, beside what the machine can reach.
 *
 * @module
 */

import { formatBytes } from "../../core/format.ts";
import { openDevice } from "../../kernels/open.ts";
import type { Device, DeviceKind } from "../../kernels/types.ts";
import { findAdapter } from "../../kernels/webgpu/adapter.ts";
import { KERNEL_CHOICES, type KernelChoice } from "../../kernels/webgpu/variants.ts";
import { type ColumnOf, countColumn, numberColumn, plainColumn, tableOf } from "../columns.ts";
import { deviceNote } from "../device_note.ts";
import {
  defineExperiment,
  type DeviceNote,
  type Findings,
  type ResultTable,
  type Sample,
  type SettingsOf,
} from "../experiment.ts";
import type { Figure } from "../../figures/figure.ts";
import { benchKernels, type KernelRow } from "../kernels.ts";
import { categoryPanel, dataOf } from "../panels.ts";
import { timeSample } from "../samples.ts";
import { boundOf, type Limits, measureLimits, withProducts } from "../limits.ts";

const BATCH = 1024, SAMPLES = 20;
/** Least time of a sample: Deno sleeps up to 10 ms while it waits for WebGPU. */
const SAMPLE_MS = { cpu: 2, webgpu: 100 } as const;
/** A software adapter takes minutes for what a device does in seconds, and its times say nothing. */
const SOFTWARE = { batch: 64, samples: 1, sampleMs: 0, maxRows: 10_000, hotRows: 1000 };
const SMOKE = { batch: 8, samples: 1, sampleMs: 0, maxRows: 1000, hotRows: 1000 };

/** A device's kernels. */
interface Measured {
  readonly kind: DeviceKind;
  readonly choice: KernelChoice;
  readonly note: DeviceNote;
  readonly batch: number;
  readonly rows: readonly KernelRow[];
  /** Null for a software adapter. */
  readonly limits: Limits | null;
}

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
    const measured: Measured[] = [];
    for (const { kind, choice } of await choices(settings)) {
      const kernels = KERNEL_CHOICES[choice];
      const { device, reason } = await openDevice({ ...settings, device: kind, kernels });
      try {
        const plain = deviceNote(device.info);
        const name = choice === "standard" ? plain.name : `${plain.name} (${choice})`;
        settings.say(`Device: ${kind}, ${name} (${reason})`);
        measured.push(await measure(device, { ...plain, name }, choice, settings));
      } finally {
        device.dispose();
      }
    }
    const told = measured.filter(({ limits }) => limits !== null);
    return {
      tables: [
        ...told.length === 0 ? [] : [shareTable(told)],
        ...measured.flatMap((one) => [
          ...one.limits === null ? [] : [limitTable(one, one.limits)],
          kernelTable(one),
        ]),
      ],
      figures: told.length === 0 ? [] : [shareFigure(told)],
      samples: told.flatMap(samplesOf),
      device: noteOf(measured),
      notes: [...notesOf(told), ...softwareNotes(measured)],
    };
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

async function measure(
  device: Device,
  note: DeviceNote,
  choice: KernelChoice,
  settings: OwnSettings,
): Promise<Measured> {
  const { smoke, say, signal } = settings;
  const software = note.isFallbackAdapter;
  const options = smoke
    ? SMOKE
    : software
    ? SOFTWARE
    : { batch: BATCH, samples: SAMPLES, sampleMs: SAMPLE_MS[note.kind] };
  const batch = settings.batch[0] ?? options.batch;
  const { samples, sampleMs } = options;
  let limits: Limits | null = null;
  if (!software) {
    say("Measuring what the machine can reach");
    limits = await measureLimits(device, { samples, sampleMs, quick: smoke, signal });
  }
  say(`Timing kernels at minibatches of ${batch}`);
  const rows = await benchKernels(device, { ...options, batch, signal });
  return {
    kind: note.kind,
    choice,
    note,
    batch,
    rows,
    limits: limits === null ? null : withProducts(limits, rows),
  };
}

/** One a kernel; those of one op and shape, such as equal layers, have a number behind. */
function samplesOf({ kind, choice, rows }: Measured): Sample[] {
  const seen = new Map<string, number>();
  const device = choice === "standard" ? kind : `${kind} ${choice}`;
  return rows.map(({ op, shape, samples_us }) => {
    const name = `${device}/${op}/${shape}`;
    const turn = (seen.get(name) ?? 0) + 1;
    seen.set(name, turn);
    return timeSample(turn === 1 ? name : `${name} #${turn}`, "µs", samples_us);
  });
}

/** One device for the whole result: those whose times count, before those whose do not. */
function noteOf(measured: readonly Measured[]): DeviceNote {
  const counting = measured.filter(({ note }) => !note.isFallbackAdapter);
  const some = counting.length > 0 ? counting : measured;
  return { ...some[0]!.note, name: some.map(({ note }) => note.name).join(" and ") };
}

/** An op over all its shapes: the least time its launches could take, over the time they take. */
function shareByOp(rows: readonly KernelRow[], limits: Limits): Map<string, number> {
  const ops = new Set(rows.map(({ op }) => op));
  return new Map([...ops].map((op) => {
    const own = rows.filter((row) => row.op === op);
    const least = own.reduce((sum, row) => sum + boundOf(limits, row).us, 0);
    return [op, least / own.reduce((sum, { us }) => sum + us, 0)];
  }));
}

function shareTable(told: readonly Measured[]): ResultTable {
  const shares = told.map(({ note, rows, limits }) => ({ note, own: shareByOp(rows, limits!) }));
  const title = "Share of the machine's measured limit, by op";
  return tableOf({ title, short: true }, [...shares[0]!.own.keys()], [
    plainColumn("op", (op) => op),
    ...shares.map(({ note, own }) =>
      numberColumn<string>(`${note.name}, %`, 1, (op) => own.has(op) ? 100 * own.get(op)! : null)
    ),
  ]);
}

function shareFigure(told: readonly Measured[]): Figure {
  return {
    name: "share",
    title: "Kernels: share of the machine's measured limit",
    caption:
      "The least time that an op's launches could take on this machine, over the time they take; the limit is the faster " +
      "of what the best product computes and what memory of that size moves.",
    panels: [categoryPanel(
      "bars",
      "share of the limit, %",
      dataOf(
        "measured",
        told.flatMap(({ note, rows, limits }) =>
          [...shareByOp(rows, limits!)].map(([op, share]) => ({
            x: op,
            y: 100 * share,
            series: note.name,
          }))
        ),
      ),
      { x: "op" },
    )],
  };
}

function limitTable({ note }: Measured, { gflop_s, product, memory }: Limits): ResultTable {
  const lines = [
    { limit: `product ${product}`, gflop_s, gb_s: null },
    ...memory.map(({ working_set, gb_s }) => ({
      limit: `passing over ${formatBytes(working_set)}`,
      gflop_s: null,
      gb_s,
    })),
  ];
  return tableOf({ title: `What ${note.name} reaches` }, lines, [
    plainColumn("limit", ({ limit }) => limit),
    numberColumn("GFLOP/s", 1, ({ gflop_s }) => gflop_s),
    numberColumn("GB/s", 1, ({ gb_s }) => gb_s),
  ]);
}

function kernelTable({ note, batch, rows, limits }: Measured): ResultTable {
  const title =
    `Kernels at the shapes of RM2 (RM1: what RM2 has not), minibatches of ${batch}, on ${note.name}`;
  const bounds: ColumnOf<KernelRow>[] = limits === null ? [] : [
    numberColumn(
      "share of the limit, %",
      1,
      (row) => 100 * boundOf(limits, row).us / row.us,
    ),
    plainColumn("bound by", (row) => boundOf(limits, row).by),
  ];
  return tableOf({ title }, rows, [
    plainColumn("op", ({ op }) => op),
    plainColumn("shape", ({ shape }) => shape),
    countColumn("dispatches", ({ dispatches }) => dispatches),
    numberColumn("µs, median", 1, ({ us }) => us),
    numberColumn("µs, p90", 1, ({ p90_us }) => p90_us),
    numberColumn("95 % from", 1, ({ interval_us }) => interval_us[0]),
    numberColumn("to", 1, ({ interval_us }) => interval_us[1]),
    numberColumn("GFLOP/s", 1, ({ gflop_s }) => gflop_s),
    numberColumn("GB/s", 1, ({ gb_s }) => gb_s),
    numberColumn("M lookups/s", 1, ({ mlookups_s }) => mlookups_s),
    ...bounds,
  ]);
}

function notesOf(told: readonly Measured[]): string[] {
  if (told.length === 0) return [];
  const webgpu = told.some(({ kind }) => kind === "webgpu");
  return [
    ...webgpu
      ? [
        `Samples on WebGPU last ${SAMPLE_MS.webgpu} ms or more, up to 10 of which may be the wait for their end`,
      ]
      : [],
    "Operations and bytes are those of each kernel's record: what has to be computed and moved at least once",
    "The limit of a kernel: the longer of its operations at the rate of the fastest product measured and its bytes at the " +
    "rate at which memory of that size was passed over, on the same device and threads. It is what this project's kernels " +
    "reach here, no data sheet's peak",
    "One launch a time, its start included, on the same operands again and again: what fits the caches is found there",
  ];
}

function softwareNotes(measured: readonly Measured[]): string[] {
  return measured.flatMap(({ note, batch }) =>
    note.isFallbackAdapter
      ? [
        `${note.name} is a software adapter: its kernels ran at minibatches of ${batch}, and their speed says nothing`,
      ]
      : []
  );
}
