/**
 * Which runs a machine file is tried on. None of them was measured for it: calibration times single operations and parts of
 * the loop, on operands, minibatches and data sets of its own.
 *
 * @module
 */

import { type PlanName, PLANS } from "../../train/plan/plans.ts";
import type { Placement } from "../../train/model/placement.ts";
import type { PresetName, ShapeOverrides } from "../../train/model/presets.ts";

/** One run. */
export interface Configuration {
  /** For tables. */
  readonly name: string;
  readonly preset: PresetName;
  readonly shape?: ShapeOverrides;
  readonly placement: Placement;
  readonly plan: PlanName;
  readonly batch: number;
  /** Minibatches trained; 0 for an epoch, which plans with a hot set take. */
  readonly steps: number;
  /** Inputs of the twin. */
  readonly inputs: number;
}

const NARROW: ShapeOverrides = { bottom: [13, 128, 64, 16], top: [128, 64, 1] };
const WIDE: ShapeOverrides = { bottom: [13, 1024, 384, 16], top: [768, 384, 1] };
const DIM64: ShapeOverrides = { dim: 64, bottom: [13, 512, 256, 64] };

/** Inputs of a data set for runs of a few minibatches, and for epochs. */
const MANY = 200_000, EPOCH = 60;

function run(
  model: string,
  preset: PresetName,
  shape: ShapeOverrides,
  placement: Placement,
  plan: PlanName,
  batch: number,
  steps = 24,
): Configuration {
  const epoch = PLANS[plan].segregates;
  return {
    name: `${model}, ${batch}, ${placement}, ${plan}`,
    preset,
    shape,
    placement,
    plan,
    batch,
    steps: epoch ? 0 : steps,
    // Of a twin six sevenths train.
    inputs: epoch ? Math.ceil(EPOCH * batch * 7 / 6) : preset === "rm1" ? 40_000 : MANY,
  };
}

/** The runs. */
export const CONFIGURATIONS: readonly Configuration[] = [
  run("RM2", "rm2", {}, "device", "baseline", 256, 40),
  run("RM2", "rm2", {}, "device", "baseline", 1024),
  run("RM2", "rm2", {}, "device", "baseline", 4096, 16),
  run("RM2", "rm2", {}, "hybrid", "baseline", 512),
  run("RM2", "rm2", {}, "hybrid", "baseline", 2048),
  run("RM2", "rm2", {}, "hot", "fae", 512),
  run("RM2", "rm2", {}, "hot", "slipstream", 512),
  run("RM2", "rm2", {}, "device", "slipstream", 256),
  run("RM2 narrow", "rm2", NARROW, "device", "baseline", 2048),
  run("RM2 narrow", "rm2", NARROW, "hybrid", "baseline", 512),
  run("RM2 narrow", "rm2", NARROW, "hot", "slipstream", 1024),
  run("RM2 wide", "rm2", WIDE, "device", "baseline", 1024, 16),
  run("RM2 wide", "rm2", WIDE, "hybrid", "baseline", 256),
  run("RM2 dim 64", "rm2", DIM64, "device", "baseline", 1024),
  run("RM2 dim 64", "rm2", DIM64, "hot", "fae", 512),
  run("RM4", "rm4", {}, "device", "baseline", 1024),
  run("RM4", "rm4", {}, "hot", "fae", 512),
  run("RM1 (TBSM)", "rm1", {}, "device", "baseline", 256, 40),
  run("RM1 (TBSM)", "rm1", {}, "hybrid", "baseline", 1024),
  run("RM1 (TBSM)", "rm1", {}, "hot", "slipstream", 256),
];

const TINY: ShapeOverrides = { bottom: [13, 16, 8], dim: 8, top: [16, 1] };

/** The runs of `--quick`. */
export const QUICK_CONFIGURATIONS: readonly Configuration[] = [
  { ...run("tiny", "rm2", TINY, "device", "baseline", 32, 12), inputs: 2000 },
  { ...run("tiny", "rm2", TINY, "hybrid", "baseline", 32, 12), inputs: 2000 },
  run("tiny", "rm2", TINY, "hot", "fae", 16),
  run("tiny", "rm2", TINY, "hot", "slipstream", 16),
  { ...run("tiny TBSM", "rm1", {}, "device", "baseline", 16, 12), inputs: 2000 },
];
