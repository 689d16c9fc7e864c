/**
 * Passes over the inputs of a study's runs: stopped with them, and told of where they take minutes.
 *
 * @module
 */

import { formatCount } from "../../core/format.ts";
import type { PassHooks, PassProgress } from "../../train/plan/pass.ts";
import type { Settings } from "../experiment.ts";
import { MINUTE_MS, occasionally } from "../occasionally.ts";
import { type TwinSettings, twinWords } from "./twin_settings.ts";
import type { StudyWorkload } from "./workload.ts";

/** What is being done to the inputs. */
const DOING: Readonly<Record<PassProgress["pass"], string>> = {
  profile: "counting accesses",
  segregate: "telling hot inputs from cold ones",
  negatives: "leaving out negatives",
  statistics: "taking statistics of dense features",
};

/** Whose inputs. */
interface PassKey {
  readonly workload: StudyWorkload;
  readonly seed: number;
  readonly twin?: TwinSettings;
}

/** Stops a pass with the study, and says once a minute how far it is. */
export function passHooks(
  { workload, seed, twin }: PassKey,
  { say, signal }: Pick<Settings, "say" | "signal">,
): PassHooks {
  const what = `${workload}${twinWords(twin)}, seed ${seed}`, tell = occasionally(say, MINUTE_MS);
  return {
    signal,
    onPass: ({ pass, done, total }) =>
      tell(
        `${what}: ${DOING[pass]}, ${(100 * done / total).toFixed(1)} % of ${
          formatCount(total)
        } inputs`,
      ),
  };
}
