/**
 * Flags of Meta's `dlrm_s_pytorch.py` that are not spellings of ours: a command line out of a paper pastes in, and
 * whatever would change the result without being supported is refused.
 *
 * @module
 */

import type { FlagTable } from "../../core/flags.ts";

const TRANSLATED = "Accepted from DLRM's command line";
const FIXED = "Accepted from DLRM's command line with the one value that is supported";
const REFUSED = "Known from DLRM's command line and refused, since they would change the result";
const IGNORED = "Accepted from DLRM's command line and without effect here";

/** Flags that stand for ours. */
export const DLRM_TRANSLATED = {
  useGpu: { type: "boolean", group: TRANSLATED, help: "Same as --device webgpu" },
  dataSet: {
    type: "choice",
    choices: ["kaggle", "terabyte"],
    group: TRANSLATED,
    help: "Same as --format criteo-kaggle or criteo-terabyte",
  },
  dataGeneration: {
    type: "choice",
    choices: ["dataset", "random"],
    group: TRANSLATED,
    help: "random is the same as --data synthetic; dataset means the files given",
  },
  dataSize: {
    type: "number",
    integer: true,
    min: 1,
    group: TRANSLATED,
    help: "Inputs to generate with --data-generation random",
  },
} as const satisfies FlagTable;

/** Flags whose only supported value may be given. */
export const DLRM_FIXED = {
  lossFunction: { type: "choice", choices: ["bce"], group: FIXED, help: "Loss" },
  activationFunction: { type: "choice", choices: ["relu"], group: FIXED, help: "Activation" },
  archInteractionOp: { type: "choice", choices: ["dot"], group: FIXED, help: "Interaction" },
  lossThreshold: zero("Clamp of the probabilities"),
  dataSubSampleRate: zero("Share of non-clicks dropped"),
  mlperfAccThreshold: zero("Accuracy to stop at"),
  mlperfAucThreshold: zero("AUC to stop at"),
  mlperfGradAccumIter: {
    type: "choice",
    choices: ["1"],
    group: FIXED,
    help: "Minibatches a step",
  },
  quantizeMlpWithBit: { type: "choice", choices: ["32"], group: FIXED, help: "Bits of a weight" },
  modelType: { type: "choice", choices: ["tsl"], group: FIXED, help: "TBSM's time series layer" },
  tslInner: { type: "choice", choices: ["def"], group: FIXED, help: "TBSM's inner product" },
  tslInteractionOp: { type: "choice", choices: ["dot"], group: FIXED, help: "TBSM's scores" },
  tslMechanism: { type: "choice", choices: ["mlp"], group: FIXED, help: "TBSM's attention" },
  tslNumHeads: { type: "choice", choices: ["1"], group: FIXED, help: "TBSM's heads" },
  tsLength: { type: "choice", choices: ["20"], group: FIXED, help: "TBSM's steps of history" },
  quantizeEmbWithBit: {
    type: "choice",
    choices: ["32"],
    group: FIXED,
    help: "Bits of an embedding coordinate",
  },
} as const satisfies FlagTable;

/** Flags that are errors unless they say false. */
export const DLRM_REFUSED = {
  archInteractionItself: refused("boolean", "an interaction of a vector with itself"),
  weightedPooling: refused("string", "weighted pooling"),
  mdFlag: refused("boolean", "mixed-dimension tables"),
  qrFlag: refused("boolean", "quotient-remainder tables"),
  inferenceOnly: refused("boolean", "a run without training"),
  saveOnnx: refused("boolean", "ONNX output"),
  mlperfBinLoader: refused("boolean", "MLPerf's binary records"),
  mlperfBinShuffle: refused("boolean", "MLPerf's binary records"),
  saveModel: refused("string", "PyTorch's checkpoint (write safetensors with --save DIR)"),
  loadModel: refused("string", "PyTorch's checkpoint (read safetensors with --init DIR)"),
} as const satisfies FlagTable;

/** Flags that are named in one note line and change nothing. */
export const DLRM_IGNORED = {
  printFreq: ignored("string", "progress prints by time"),
  printTime: ignored("boolean", "times are always kept"),
  printWallTime: ignored("boolean", "times are always kept"),
  printPrecision: ignored("string", "printing only"),
  debugMode: ignored("boolean", "printing only"),
  enableProfiling: ignored("boolean", "stage times are always kept"),
  plotComputeGraph: ignored("boolean", "there is no graph to plot"),
  tensorBoardFilename: ignored("string", "--json FILE holds the curves"),
  mlperfLogging: ignored("boolean", "all metrics are always computed"),
  roundTargets: ignored("string", "labels are 0 or 1"),
  processedDataFile: ignored("string", "--cache DIR holds prepared data"),
  memoryMap: ignored("boolean", "memory is bounded anyhow"),
  datasetMultiprocessing: ignored("boolean", "preparation needs no such choice"),
  numWorkers: ignored("string", "batches are prepared ahead anyhow"),
  testNumWorkers: ignored("string", "batches are prepared ahead anyhow"),
  syncDenseParams: ignored("string", "there is one copy of the weights"),
  numIndicesPerLookup: ignored("string", "the data decides"),
  numIndicesPerLookupFixed: ignored("string", "the data decides"),
  randDataDist: ignored("string", "--data synthetic has a distribution of its own"),
  randDataMin: ignored("string", "--data synthetic has a distribution of its own"),
  randDataMax: ignored("string", "--data synthetic has a distribution of its own"),
  randDataMu: ignored("string", "--data synthetic has a distribution of its own"),
  randDataSigma: ignored("string", "--data synthetic has a distribution of its own"),
  dataTraceFile: ignored("string", "used by data that is refused"),
  dataTraceEnablePadding: ignored("string", "used by data that is refused"),
  lossWeights: ignored("string", "used by a loss that is refused"),
  mdThreshold: ignored("string", "used by tables that are refused"),
  mdTemperature: ignored("string", "used by tables that are refused"),
  mdRoundDims: ignored("boolean", "used by tables that are refused"),
  qrThreshold: ignored("string", "used by tables that are refused"),
  qrOperation: ignored("string", "used by tables that are refused"),
  qrCollisions: ignored("string", "used by tables that are refused"),
  distBackend: ignored("string", "there is one process"),
  localRank: { ...ignored("string", "there is one process"), aliases: ["local_rank"] },
} as const satisfies FlagTable;

function zero(help: string): {
  readonly type: "choice";
  readonly choices: readonly ["0", "0.0"];
  readonly group: string;
  readonly help: string;
} {
  return { type: "choice", choices: ["0", "0.0"], group: FIXED, help };
}

function refused<T extends "boolean" | "string">(
  type: T,
  what: string,
): { readonly type: T; readonly group: string; readonly help: string } {
  return { type, group: REFUSED, help: `Unsupported: ${what}` };
}

function ignored<T extends "boolean" | "string">(
  type: T,
  why: string,
): { readonly type: T; readonly group: string; readonly help: string } {
  return { type, group: IGNORED, help: `No effect: ${why}` };
}
