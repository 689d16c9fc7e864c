/**
 * The WebGPU device's table of ops: how each is launched. An op that lacks a line does not compile.
 *
 * @module
 */

import { launchBce } from "../bce/webgpu.ts";
import { launchEmbeddingBackward, launchEmbeddingForward } from "../embedding/webgpu.ts";
import { launchInteractionBackward, launchInteractionForward } from "../interaction/webgpu.ts";
import {
  launchLinearBackwardInput,
  launchLinearBackwardWeights,
  launchLinearForward,
} from "../linear/webgpu.ts";
import { launchNormaliseBackward, launchNormaliseForward } from "../normalise/webgpu.ts";
import type { OpArgs, OpName } from "../ops.ts";
import {
  launchSequenceBackward,
  launchSequenceDot,
  launchSequencePool,
} from "../sequence/webgpu.ts";
import { launchSigmoidBackward, launchSigmoidForward } from "../sigmoid/webgpu.ts";
import { launchInputScores, launchRowChange, launchStaleLookups } from "../staleness/webgpu.ts";
import { launchStandardise } from "../standardise/webgpu.ts";
import { launchDenseUpdate } from "../update/webgpu.ts";
import { launchVarianceNormBackward, launchVarianceNormForward } from "../variance_norm/webgpu.ts";
import type { LaunchContext } from "./kernel.ts";

/** Appends the launches of each op. */
export const LAUNCHERS: {
  readonly [Name in OpName]: (context: LaunchContext, args: OpArgs[Name]) => void;
} = {
  "linear-forward": launchLinearForward,
  "linear-backward-input": launchLinearBackwardInput,
  "linear-backward-weights": launchLinearBackwardWeights,
  "embedding-forward": launchEmbeddingForward,
  "embedding-backward": launchEmbeddingBackward,
  "interaction-forward": launchInteractionForward,
  "interaction-backward": launchInteractionBackward,
  "bce": launchBce,
  "dense-update": launchDenseUpdate,
  "normalise-forward": launchNormaliseForward,
  "normalise-backward": launchNormaliseBackward,
  "sequence-dot": launchSequenceDot,
  "sequence-pool": launchSequencePool,
  "sequence-backward": launchSequenceBackward,
  "sigmoid-forward": launchSigmoidForward,
  "sigmoid-backward": launchSigmoidBackward,
  "standardise": launchStandardise,
  "row-change": launchRowChange,
  "input-scores": launchInputScores,
  "stale-lookups": launchStaleLookups,
  "variance-norm-forward": launchVarianceNormForward,
  "variance-norm-backward": launchVarianceNormBackward,
};
