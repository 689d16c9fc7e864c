/**
 * Findings on kernels by themselves: speed, share of what the device reaches, and the samples that are compared.
 *
 * @module
 */

import { IN_BROWSER } from "../core/deno.ts";
import { formatBytes, formatCount } from "../core/format.ts";
import type { Device, DeviceKind } from "../kernels/types.ts";
import type { KernelChoice } from "../kernels/webgpu/variants.ts";
import { type ColumnOf, countColumn, numberColumn, plainColumn, tableOf } from "./columns.ts";
import type { DeviceNote, Findings, ResultTable, Sample } from "./experiment.ts";
import { benchKernels, type KernelRow } from "./kernels.ts";
import { boundOf, type Limits, measureLimits, withProducts } from "./limits.ts";
import { categoryPanel, dataOf } from "./panels.ts";
import { timeSample } from "./samples.ts";
import type { Figure } from "../figures/figure.ts";

const BATCH = 1024, SAMPLES = 20;
/** Least time of a sample: Deno sleeps up to 10 ms while it waits for WebGPU. */
const SAMPLE_MS = { cpu: 2, webgpu: 100 } as const;
/** A software adapter takes minutes for what a device does in seconds, and its times say nothing. */
const SOFTWARE = { batch: 64, samples: 1, sampleMs: 0, maxRows: 10_000, hotRows: 1000 };
const SMOKE = { batch: 8, samples: 1, sampleMs: 0, maxRows: 1000, hotRows: 1000 };

/** A device's kernels. */
export interface MeasuredKernels {
  readonly kind: DeviceKind;
  readonly choice: KernelChoice;
  readonly note: DeviceNote;
  readonly batch: number;
  /** Least time of a sample. */
  readonly sampleMs: number;
  /** Most rows of a table; null for the published ones. */
  readonly maxRows: number | null;
  readonly rows: readonly KernelRow[];
  /** Null for a software adapter. */
  readonly limits: Limits | null;
}

/** What kernels are measured with. */
export interface KernelSettings {
  /** The least work that runs every line. */
  readonly smoke: boolean;
  /** Inputs a minibatch; 1024 unless told, and 64 on a software adapter. */
  readonly batch?: number | undefined;
  /** Most rows of a table; the published ones unless told. */
  readonly maxRows?: number | undefined;
  /** Least time of a sample on WebGPU in ms, if not as long as Deno needs. */
  readonly sampleMs?: number | undefined;
  readonly say: (line: string) => void;
  /** Told how many kernels' samples are taken, of how many. */
  readonly onSamples?: ((done: number, total: number) => void) | undefined;
  readonly signal: AbortSignal;
}

/** Measures a device: what it reaches, and each kernel. */
export async function measureKernels(
  device: Device,
  note: DeviceNote,
  choice: KernelChoice,
  settings: KernelSettings,
): Promise<MeasuredKernels> {
  const { smoke, say, signal } = settings;
  const software = note.isFallbackAdapter;
  const options = smoke ? SMOKE : software ? SOFTWARE : {
    batch: BATCH,
    samples: SAMPLES,
    sampleMs: settings.sampleMs ?? SAMPLE_MS[note.kind],
    ...settings.maxRows === undefined ? {} : { maxRows: settings.maxRows },
  };
  const batch = settings.batch ?? options.batch;
  const { samples, sampleMs } = options;
  let limits: Limits | null = null;
  if (!software) {
    say("Measuring what the machine can reach");
    limits = await measureLimits(device, { samples, sampleMs, quick: smoke, signal });
  }
  say(`Timing kernels at minibatches of ${batch}`);
  const { onSamples } = settings;
  const rows = await benchKernels(device, { ...options, batch, signal, onSamples });
  return {
    kind: note.kind,
    choice,
    note,
    batch,
    sampleMs,
    maxRows: "maxRows" in options ? options.maxRows : null,
    rows,
    limits: limits === null ? null : withProducts(limits, rows),
  };
}

/** What was found on one device or several. */
export function kernelFindings(measured: readonly MeasuredKernels[]): Findings {
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
}

/** One a kernel; those of one op and shape, such as equal layers, have a number behind. */
function samplesOf({ kind, choice, rows }: MeasuredKernels): Sample[] {
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
function noteOf(measured: readonly MeasuredKernels[]): DeviceNote {
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

function shareTable(told: readonly MeasuredKernels[]): ResultTable {
  const shares = told.map(({ note, rows, limits }) => ({ note, own: shareByOp(rows, limits!) }));
  const title = "Share of the machine's measured limit, by op";
  return tableOf({ title, short: true }, [...shares[0]!.own.keys()], [
    plainColumn("op", (op) => op),
    ...shares.map(({ note, own }) =>
      numberColumn<string>(`${note.name}, %`, 1, (op) => own.has(op) ? 100 * own.get(op)! : null)
    ),
  ]);
}

function shareFigure(told: readonly MeasuredKernels[]): Figure {
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

function limitTable({ note }: MeasuredKernels, { gflop_s, product, memory }: Limits): ResultTable {
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

function kernelTable({ note, batch, rows, limits }: MeasuredKernels): ResultTable {
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

function notesOf(told: readonly MeasuredKernels[]): string[] {
  if (told.length === 0) return [];
  const webgpu = told.find(({ kind }) => kind === "webgpu");
  const capped = told.find(({ maxRows }) => maxRows !== null);
  return [
    ...webgpu === undefined ? [] : [
      `Samples on WebGPU last ${webgpu.sampleMs} ms or more${
        IN_BROWSER ? "" : ", up to 10 of which may be the wait for their end"
      }`,
    ],
    ...capped === undefined
      ? []
      : [`Tables have at most ${formatCount(capped.maxRows!)} rows here, fewer than published`],
    "Operations and bytes are those of each kernel's record: what has to be computed and moved at least once",
    "The limit of a kernel: the longer of its operations at the rate of the fastest product measured and its bytes at the " +
    "rate at which memory of that size was passed over, on the same device and threads. It is what this project's kernels " +
    "reach here, no data sheet's peak",
    "One launch a time, its start included, on the same operands again and again: what fits the caches is found there",
  ];
}

function softwareNotes(measured: readonly MeasuredKernels[]): string[] {
  return measured.flatMap(({ note, batch }) =>
    note.isFallbackAdapter
      ? [
        `${note.name} is a software adapter: its kernels ran at minibatches of ${batch}, and their speed says nothing`,
      ]
      : []
  );
}
