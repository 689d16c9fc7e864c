/**
 * The parts that the systems here are made of, for systems of your own: copies and reductions, operations and the lanes
 * that issue them, parts of a DLRM iteration.
 *
 * @module
 */

export {
  allreduce,
  bytesUs,
  download,
  exchange,
  peerCopy,
  updateFactor,
  upload,
} from "../context.ts";
export { Lane } from "../lane.ts";
export {
  denseUpdate,
  fusedUpdate,
  headBackward,
  headForward,
  interactionBackward,
  interactionForward,
  lookupForward,
  type Lookups,
  loss,
  mlpBackward,
  mlpForward,
  type Op,
  sparseGradients,
  sparseUpdate,
} from "../ops.ts";
export { resize } from "../work.ts";
export {
  activationBytes,
  beginStep,
  bottomBackward,
  bottomForward,
  CpuRows,
  type CpuSoftware,
  finishForward,
  towerBackward,
  towerForward,
  updateDense,
  uploadDense,
} from "./dlrm_steps.ts";
export { skipping, type Variant } from "./slipstream.ts";
