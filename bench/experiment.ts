/**
 * What an experiment is, and what it gives back.
 *
 * @module
 */

import type { PresetName } from "../train/presets.ts";
import type { Cell, Column } from "../core/table.ts";

/** A table of results with a title. */
export interface ResultTable {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

/** What an experiment found. */
export interface Findings {
  readonly tables: readonly ResultTable[];
  /** One line each, for people: what the figures mean and what they do not. */
  readonly notes: readonly string[];
}

/** How an experiment is run. */
export interface Settings {
  readonly device: "auto" | "cpu" | "webgpu";
  /** The CPU device's kernels for V8's 256-bit mode. */
  readonly wide: boolean;
  /** Threads of the CPU device; null for all cores. */
  readonly threads: number | null;
  /** Inputs a minibatch; each experiment has its own default. */
  readonly batch: readonly number[];
  /** Timed rounds; fewer only makes intervals wider. */
  readonly rounds: number;
  /** The least work that still runs every line: for tests. */
  readonly smoke: boolean;
  /** Python with PyTorch, for `peers`; null to look for one. */
  readonly python: string | null;
  /** Inputs of a twin that train; null for the experiment's own number. */
  readonly inputs: number | null;
  /** Workloads whose twins are looked at. */
  readonly workloads: readonly PresetName[];
  /** Seeds of a study; null for the experiment's own number. */
  readonly seeds: number | null;
  /** The first seed that a study runs; those before it are only read. */
  readonly firstSeed: number;
  /** Variants of a study; none for the experiment's own choice. */
  readonly variants: readonly string[];
  /** Folder for results that a later run goes on from; null for the experiment's own. */
  readonly out: string | null;
  /** Tells how far a long experiment is. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** A named experiment of `deno task bench`. */
export interface Experiment {
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  run(settings: Settings): Promise<Findings>;
}
