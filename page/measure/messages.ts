/**
 * What the page and the worker that measures tell each other.
 *
 * @module
 */

import type { BenchDocument } from "../../bench/report.ts";

/** What the page asks for. */
export interface MeasureRequest {
  readonly kind: "measure";
  /** Most rows of a table; null for the published ones. */
  readonly maxRows: number | null;
}

/** A kernel as the page shows it. */
export interface ShownKernel {
  readonly op: string;
  readonly shape: string;
  /** Of one launch: median time, operations and bytes by the kernel's record. */
  readonly us: number;
  readonly flops: number;
  readonly bytes: number;
  readonly gflop_s: number;
  readonly gb_s: number;
  /** Of the least time that it could take here, over the time that it takes; null on a software adapter. */
  readonly share: number | null;
  /** What sets that least time. */
  readonly by: "arithmetic" | "memory" | null;
}

/** What the device reaches with the project's own kernels. */
export interface ShownLimits {
  readonly gflop_s: number;
  /** Of memory beyond the caches, and of the working set that is passed over fastest. */
  readonly gb_s: number;
  readonly cache_gb_s: number;
}

/** What the worker tells. */
export type MeasureEvent =
  | { readonly kind: "measuring"; readonly what: string; readonly share: number | null }
  | {
    readonly kind: "measured";
    readonly document: BenchDocument;
    readonly kernels: readonly ShownKernel[];
    /** Null on a software adapter, whose speed says nothing. */
    readonly limits: ShownLimits | null;
  }
  | { readonly kind: "failed"; readonly message: string };
