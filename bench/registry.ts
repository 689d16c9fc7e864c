/**
 * All experiments of `deno task bench`.
 *
 * @module
 */

import type { Experiment } from "./experiment.ts";
import { ablationExperiment } from "./experiments/ablation.ts";
import { accuracyExperiment } from "./experiments/accuracy.ts";
import { breakdownExperiment } from "./experiments/breakdown.ts";
import { choicesExperiment } from "./experiments/choices.ts";
import { frontierExperiment } from "./experiments/frontier.ts";
import { hotExperiment } from "./experiments/hot.ts";
import { kernelsExperiment } from "./experiments/kernels.ts";
import { learningExperiment } from "./experiments/learning.ts";
import { memoryExperiment } from "./experiments/memory.ts";
import { naiveSkipExperiment } from "./experiments/naive_skip.ts";
import { overheadExperiment } from "./experiments/overhead.ts";
import { peersExperiment } from "./experiments/peers.ts";
import { placementsExperiment } from "./experiments/placements.ts";
import { plansExperiment } from "./experiments/plans.ts";
import { prepareExperiment } from "./experiments/prepare.ts";
import { scaleExperiment } from "./experiments/scale.ts";
import { sensitivityExperiment } from "./experiments/sensitivity.ts";
import { settingExperiment } from "./experiments/setting.ts";
import { skewExperiment } from "./experiments/skew.ts";
import { speedOfWorkloads } from "./experiments/speed.ts";
import { speedupExperiment } from "./experiments/speedup.ts";
import { stalenessExperiment } from "./experiments/staleness.ts";
import { trafficExperiment } from "./experiments/traffic.ts";
import { trainExperiment } from "./experiments/train.ts";
import { twinsExperiment } from "./experiments/twins.ts";
import { validateExperiment } from "./experiments/validate.ts";
import { worthExperiment } from "./experiments/worth.ts";

/** In the order of the suite, the report and the help page. */
export const EXPERIMENTS: readonly Experiment[] = [
  worthExperiment,
  frontierExperiment,
  speedupExperiment,
  plansExperiment,
  breakdownExperiment,
  skewExperiment,
  stalenessExperiment,
  naiveSkipExperiment,
  accuracyExperiment,
  learningExperiment,
  trafficExperiment,
  overheadExperiment,
  sensitivityExperiment,
  settingExperiment,
  ablationExperiment,
  choicesExperiment,
  kernelsExperiment,
  peersExperiment,
  validateExperiment,
  placementsExperiment,
  trainExperiment,
  speedOfWorkloads,
  prepareExperiment,
  memoryExperiment,
  hotExperiment,
  twinsExperiment,
  scaleExperiment,
];
