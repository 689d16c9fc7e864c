/**
 * Every flag of `deno task train`, and its help page.
 *
 * @module
 */

import { type FlagTable, formatHelp, QUIET_FLAG } from "../../core/flags.ts";
import { DATA_FLAGS } from "./data_flags.ts";
import { DLRM_FIXED, DLRM_IGNORED, DLRM_REFUSED, DLRM_TRANSLATED } from "./dlrm_flags.ts";
import { MODEL_FLAGS } from "./model_flags.ts";
import { PLAN_FLAGS } from "./plan_flags.ts";
import { RUN_FLAGS } from "./run_flags.ts";
import { SCORE_FLAGS } from "./score.ts";
import { TRAINING_FLAGS } from "./training_flags.ts";

/** Every flag of `deno task train`. */
export const TRAIN_FLAGS = {
  ...DATA_FLAGS,
  ...MODEL_FLAGS,
  ...TRAINING_FLAGS,
  ...RUN_FLAGS,
  ...SCORE_FLAGS,
  ...PLAN_FLAGS,
  quiet: QUIET_FLAG,
  ...DLRM_TRANSLATED,
  ...DLRM_FIXED,
  ...DLRM_REFUSED,
  ...DLRM_IGNORED,
} as const satisfies FlagTable;

/** The help page of `deno task train`. */
export function trainHelp(width?: number): string {
  return formatHelp(TRAIN_FLAGS, {
    command: "deno task train",
    about: "Train a DLRM or a TBSM on click logs and say how good it is and how fast it got there",
    usage: "--data FILE… [flags]",
    examples: [
      [
        "No download needed: generated clicks with a signal to learn",
        "deno task train --data synthetic",
      ],
      [
        "The statistical twin of Criteo Kaggle, with RM2",
        "deno task train --data twin:rm2:1000000",
      ],
      [
        "Criteo Kaggle, RM2, evaluated as it goes",
        "deno task train --data train.txt --model rm2 --eval-every 1000",
      ],
      [
        "What a saved model makes of another log",
        "deno task train --init runs/rm2 --score day_1.npz --out scores.csv",
      ],
      [
        "Memory and time at the published size",
        "deno task train --data train.txt --limit 100000 --tables published --device cpu",
      ],
    ],
    ...(width === undefined ? {} : { width }),
  });
}
