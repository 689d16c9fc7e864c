/**
 * What a run tells while it goes, and how it is stopped.
 *
 * @module
 */

import type { UserError } from "../../core/errors.ts";
import type { PreparationProgress } from "../../data/source_scan.ts";
import type { PassProgress } from "../plan/hot_set.ts";
import type { ResultDocument } from "./result.ts";
import type { TrainHooks } from "./trainer.ts";

/** What a run writes at its end. */
export type OutputKind = "result" | "trace" | "weights";

/** Called along a run; those of the loop are in `TrainHooks`. */
export interface RunHooks extends TrainHooks {
  /** One line for people: data set, device and why, model. */
  readonly onNote?: ((line: string) => void) | undefined;
  /** While raw files are prepared. */
  readonly onPreparation?: ((progress: PreparationProgress) => void) | undefined;
  /** While a plan looks at the data set. */
  readonly onPass?: ((progress: PassProgress) => void) | undefined;
  /** After each file or folder that was asked for is written, with where it is. */
  readonly onWritten?: ((what: OutputKind, path: string) => void) | undefined;
  /**
   * Asked for another folder where the weights cannot be saved; null gives up. Without it, and after `null`, the run ends with
   * the error.
   */
  readonly onUnsaved?: ((error: UserError) => string | null) | undefined;
  /** When the run has ended and what was asked for is written, or could not be. */
  readonly onResult?: ((result: ResultDocument) => void) | undefined;
}
