/**
 * Checkpoints of a run: the model's weights together with the state of the loop.
 *
 * @module
 */

import type { Dataset } from "../data/types.ts";
import type { Model } from "./model.ts";
import type { TrainCommand } from "./options.ts";
import type { SessionHooks } from "./session.ts";
import type { TrainState } from "./state.ts";
import type { CheckpointPolicy } from "./trainer.ts";

/** Where a run's checkpoints are. */
export interface RunCheckpoints {
  /** Loads the checkpoint to go on from into the model; null where the run starts anew. */
  restore(model: Model): Promise<{ readonly state: TrainState; readonly note: string } | null>;
  /** How the loop is to keep its state; null where it is not. */
  policy(model: Model): CheckpointPolicy | null;
}

/** Opens what the command asks for; null if it is nothing. */
export async function openCheckpoints(
  _command: TrainCommand,
  _dataset: Dataset,
  _hooks: SessionHooks,
): Promise<RunCheckpoints | null> {
  return await Promise.resolve(null);
}
