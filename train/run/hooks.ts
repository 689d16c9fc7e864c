/**
 * What a run tells while it goes, and how it is stopped.
 *
 * @module
 */

import type { PreparationProgress } from "../../data/source_scan.ts";
import type { PassProgress } from "../plan/hot_set.ts";
import type { ResultDocument } from "./result.ts";
import type { TrainHooks } from "./trainer.ts";

/** Called along a run; those of the loop are in `TrainHooks`. */
export interface RunHooks extends TrainHooks {
  /** One line for people: data set, device and why, model. */
  readonly onNote?: ((line: string) => void) | undefined;
  /** While raw files are prepared. */
  readonly onPreparation?: ((progress: PreparationProgress) => void) | undefined;
  /** While a plan looks at the data set. */
  readonly onPass?: ((progress: PassProgress) => void) | undefined;
  /** When the run has ended, before anything of it is written, so that it can be shown even if nothing can be written. */
  readonly onResult?: ((result: ResultDocument) => void) | undefined;
}
