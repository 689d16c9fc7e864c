/**
 * Kernels on the visitor's GPU, as `bench kernels` measures them, and the document that `bench compare` and the report read.
 *
 * @module
 */

import { deviceNote } from "../../bench/device_note.ts";
import {
  kernelFindings,
  type MeasuredKernels,
  measureKernels,
} from "../../bench/kernel_findings.ts";
import { boundOf } from "../../bench/limits.ts";
import { type BenchDocument, buildDocument } from "../../bench/report.ts";
import { openDevice } from "../../kernels/open.ts";
import type { Device } from "../../kernels/types.ts";
import type { MeasureEvent, ShownKernel, ShownLimits } from "./messages.ts";

/** Least time of a sample in ms: a browser tells within a millisecond that a GPU is done. */
const SAMPLE_MS = 20;

/** How it is measured. */
export interface MeasureOptions {
  /** Most rows of a table; null for the published ones. */
  readonly maxRows: number | null;
  readonly tell: (event: MeasureEvent) => void;
  /** A GPU by default. */
  readonly openDevice?: () => Promise<Device>;
  /** The least work that runs every line. */
  readonly smoke?: boolean;
}

/**
 * Measures and tells what was found.
 *
 * @throws {UserError} There is no GPU, or it cannot hold the tables.
 */
export async function measureGpu(options: MeasureOptions): Promise<void> {
  const { maxRows, tell, smoke = false } = options;
  const begun = performance.now();
  tell({ kind: "measuring", what: "Looking for a GPU", share: null });
  const device = await (options.openDevice ?? openGpu)();
  let measured: MeasuredKernels;
  try {
    measured = await measureKernels(device, deviceNote(device.info), "standard", {
      smoke,
      ...maxRows === null ? {} : { maxRows },
      sampleMs: SAMPLE_MS,
      say: (line) => tell({ kind: "measuring", what: line, share: null }),
      onSamples: (done, total) =>
        tell({ kind: "measuring", what: "Timing kernels", share: done / total }),
      signal: new AbortController().signal,
    });
  } finally {
    device.dispose();
  }
  const seconds = (performance.now() - begun) / 1000;
  tell({
    kind: "measured",
    document: documentOf(measured, { seconds, maxRows, smoke }),
    kernels: shownKernels(measured),
    limits: shownLimits(measured),
  });
}

async function openGpu(): Promise<Device> {
  return (await openDevice({ device: "webgpu" })).device;
}

/** Results are compared with those of a command where both have the published tables. */
function documentOf(
  measured: MeasuredKernels,
  { seconds, maxRows, smoke }: { seconds: number; maxRows: number | null; smoke: boolean },
): BenchDocument {
  const experiment = { name: "kernels", title: "Kernels of this machine" };
  return buildDocument(experiment, kernelFindings([measured]), {
    seconds,
    command: "deno task page, tab Measure",
    settings: {
      scale: smoke ? "smoke" : maxRows === null ? "reduced" : `tables of at most ${maxRows} rows`,
      workloads: "all",
      ...{ inputs: null, seeds: null, first_seed: 1, batch: null, variants: null },
      device: measured.kind,
    },
  });
}

function shownKernels({ rows, limits }: MeasuredKernels): ShownKernel[] {
  return rows.map((row) => {
    const { op, shape, us, flops, bytes, gflop_s, gb_s } = row;
    const bound = limits === null ? null : boundOf(limits, row);
    return {
      ...{ op, shape, us, flops, bytes, gflop_s, gb_s },
      share: bound === null ? null : bound.us / us,
      by: bound?.by ?? null,
    };
  });
}

function shownLimits({ limits }: MeasuredKernels): ShownLimits | null {
  if (limits === null) return null;
  const rates = limits.memory.map(({ gb_s }) => gb_s);
  return { gflop_s: limits.gflop_s, gb_s: rates.at(-1)!, cache_gb_s: Math.max(...rates) };
}
