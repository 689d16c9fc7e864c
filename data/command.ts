/**
 * What the commands of `deno task data` get besides their flags.
 *
 * @module
 */

import type { ProgressFields } from "../core/progress.ts";
import type { PreparationProgress } from "./source_scan.ts";

/** How a command reports progress, and how it is stopped. */
export interface CommandHooks {
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Takes messages, one line each. */
  readonly onNote: (line: string) => void;
  /** The progress of one task; a new label begins a new bar. */
  readonly onProgress: (
    label: string,
    unit: string,
    done: number,
    total: number,
    fields?: ProgressFields,
  ) => void;
  /** While raw files are prepared. */
  readonly onPreparation: (progress: PreparationProgress) => void;
}
