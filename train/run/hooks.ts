/**
 * The callbacks of a run, and how to stop it.
 *
 * @module
 */

import type { UserError } from "../../core/errors.ts";
import type { PreparationProgress } from "../../data/source_scan.ts";
import type { PassProgress } from "../plan/pass.ts";
import type { ResultDocument } from "./result.ts";
import type { TrainHooks } from "./trainer.ts";

/** What a run writes at its end. */
export type OutputKind = "result" | "trace" | "page" | "weights";

/** Callbacks of a run; those of the loop are in `TrainHooks`. */
export interface RunHooks extends TrainHooks {
  /** Takes messages, one line each: data set, device and why it was chosen, model. */
  readonly onNote?: ((line: string) => void) | undefined;
  /** While raw files are prepared. */
  readonly onPreparation?: ((progress: PreparationProgress) => void) | undefined;
  /** While a plan looks at the data set. */
  readonly onPass?: ((progress: PassProgress) => void) | undefined;
  /** Called with the path of each file or folder after it is written. */
  readonly onWritten?: ((what: OutputKind, path: string) => void) | undefined;
  /**
   * Called when the weights cannot be saved. Returns another folder to try, or null to give up; then, and without this
   * callback, the run ends with the error.
   */
  readonly onUnsaved?: ((error: UserError) => string | null) | undefined;
  /** Called when the run has ended and its files are written, or could not be. */
  readonly onResult?: ((result: ResultDocument) => void) | undefined;
}
