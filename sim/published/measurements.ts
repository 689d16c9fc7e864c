/**
 * Throughputs of DLRM that others measured with all rows on GPUs, to which no number here was fitted.
 *
 * Rules: rows in 26 tables of equal size, looked up evenly, which is what the fitted iterations take too; `half` is what
 * sources call mixed precision, rows staying 32-bit; PyTorch up to 1.11 multiplies in TF32 on GPUs that have it. Each is
 * predicted for the program that its source names, as far as `program.ts` has it; what the model lacks for it is said beside it.
 *
 * Two registrations: set-ups, machines and rules of the first were committed before any was predicted, all for the eager
 * framework; programs were registered before anything was predicted with them (`registered.json`), when the first ones' errors
 * were known. What was known when is said of each. A third group is blind: throughputs of other versions of NVIDIA's two READMEs
 * (TensorFlow 2 of 2021, PyTorch with several GPUs), under the programs `TENSORFLOW_2` and `NVIDIA_PYTORCH`, with minibatches,
 * sizes and machines as those tables give them, which were read only once this rule had been committed. One formula was changed
 * after that, for what the README itself says: the bottom MLP lies on one GPU (`CHANGED`).
 *
 * @module
 */

import type { ShapeDocument } from "../../train/model/models.ts";
import type { Precision } from "../context.ts";
import type { MachineDocument } from "../machine.ts";
import { EAGER_DENSE, NVIDIA_PYTORCH, type Program, TENSORFLOW_2, TORCHREC } from "../program.ts";

/** One published throughput. */
export interface Measurement {
  /** Source and set-up. */
  readonly what: string;
  readonly source: string;
  /** A shipped machine, or one like it. */
  readonly machine: MachineDocument["name"];
  readonly gpus: number;
  /** Inputs over all GPUs. */
  readonly batch: number;
  readonly precision: Precision;
  readonly shape: ShapeDocument;
  /** Cross layers in place of dot products. */
  readonly cross?: { readonly layers: number; readonly rank: number };
  /** Adam in place of SGD. */
  readonly adam?: boolean;
  /** Inputs a second. */
  readonly published: number;
  /** How far it was known when the formulas were written that predict it. */
  readonly known: Known;
  /** What runs; eager PyTorch unless told. */
  readonly program?: Program;
  /** What the model lacks for it, where that is known. */
  readonly lacks?: string;
}

/**
 * `before`: it was known when the first formulas were written; `first`: it was predicted blind by them, for the eager framework,
 * and its error known when its program was written; `read`: seen when its program was written, never predicted before; `blind`:
 * read after its program was registered.
 */
export type Known = "before" | "first" | "read" | "blind";

/** MLPerf's DLRM with so many rows over its 26 tables. */
function mlperf(rows: number): ShapeDocument {
  return {
    table_rows: Array(26).fill(Math.round(rows / 26)),
    dim: 128,
    bottom: [13, 512, 256, 128],
    top: [128 + 351, 1024, 1024, 512, 256, 1],
  };
}

/** Rows by NVIDIA's threshold of frequency: parameters of the tables over 128 floats. */
const SMALL = mlperf(4.2e9 / 128), LARGE = mlperf(22.8e9 / 128);
/** TorchRec's cardinalities of Criteo Terabyte, 91.1 GiB of rows. */
const TORCHREC_SHAPE = mlperf(91.1 * 2 ** 30 / 512);

const PYTORCH =
  "NVIDIA DeepLearningExamples, PyTorch/Recommendation/DLRM/README.md, training performance, April 2020";
const TORCHREC_README =
  "facebookresearch/dlrm, torchrec_dlrm/README.MD, preliminary training results, AWS p4d.24xlarge, 2022";

const NO_LINK =
  "three of the seven peers of a GPU in a DGX-1 have no NVLink to it, and the source does not say how vectors reach them";
const LAUNCHING =
  "what TorchRec's launching thread does beside launching (inputs are gathered, copied and their sizes waited for there) is in no source";

/** One of NVIDIA's tables: Criteo Terabyte, the small model on one GPU and the large one on several. */
interface NvidiaTable {
  /** Added to the set-up where several tables have it. */
  readonly version: string;
  readonly source: string;
  readonly program: Program;
  readonly known: Known;
  readonly lacks?: string;
}

const TF2_2022: NvidiaTable = {
  version: "",
  source:
    "NVIDIA DeepLearningExamples, TensorFlow2/Recommendation/DLRM/README.md, training performance, July 2022 (XLA)",
  program: TENSORFLOW_2,
  known: "first",
};
const TF2_2023: NvidiaTable = {
  version: ", 2023",
  source:
    "NVIDIA DeepLearningExamples, TensorFlow2/Recommendation/DLRM_and_DCNv2/doc/DLRM.md, training performance, 2023 (XLA)",
  program: TENSORFLOW_2,
  known: "read",
};
const TF2_2021: NvidiaTable = {
  version: ", 2021",
  source:
    "NVIDIA DeepLearningExamples, TensorFlow2/Recommendation/DLRM/README.md, training performance, March 2021",
  program: TENSORFLOW_2,
  known: "blind",
  lacks:
    "TensorFlow 2.4 of 2021 was run without XLA and had no interaction of its own, so that its elementwise operations are passes of their own",
};
const PYTORCH_2021: NvidiaTable = {
  version: ", 2021",
  source:
    "NVIDIA DeepLearningExamples, PyTorch/Recommendation/DLRM/README.md, training performance, March 2021; 64k over all GPUs (64,014 minibatches an epoch)",
  program: NVIDIA_PYTORCH,
  known: "blind",
};
const PYTORCH_GRAPHS: NvidiaTable = {
  version: ", CUDA graphs",
  source:
    "NVIDIA DeepLearningExamples, PyTorch/Recommendation/DLRM/README.md, training performance with --cuda_graphs",
  program: NVIDIA_PYTORCH,
  known: "blind",
};

const DCNV2: NvidiaTable = {
  version: ", DCNv2",
  source:
    "NVIDIA DeepLearningExamples, TensorFlow2/Recommendation/DLRM_and_DCNv2/doc/DCNv2.md, training performance, 2023 (XLA, Adam; defaults of dcnv2.py)",
  program: TENSORFLOW_2,
  known: "read",
};

/** The top MLP takes the cross layers' output and the bottom MLP's. */
function crossed(shape: ShapeDocument): ShapeDocument {
  return { ...shape, top: [27 * 128 + 128, 1024, 1024, 512, 256, 1] };
}

const CROSSED = { shape: crossed(SMALL), cross: { layers: 3, rank: 512 }, adam: true } as const;

/** @param published Inputs a second in thousands. */
function nvidia(
  table: NvidiaTable,
  machine: string,
  gpus: number,
  each: number,
  precision: Precision,
  published: number,
  over: Partial<Measurement> = {},
): Measurement {
  const { version, source, program, known } = table;
  const lacks = machine === "v100x8" && gpus > 4 ? NO_LINK : table.lacks;
  return {
    what: `${machine}, ${gpus} x ${each}, ${precision}${version}`,
    source: `${source}, ${gpus === 1 ? "small" : "large"} model`,
    ...{ machine, gpus, precision, program, known },
    published: 1000 * published,
    batch: gpus * each,
    shape: gpus === 1 ? SMALL : LARGE,
    ...(lacks === undefined ? {} : { lacks }),
    ...over,
  };
}

/** Set-ups of a table with their throughputs, in thousands of inputs a second: float32 or TF32, then 16 bits. */
function both(
  table: NvidiaTable,
  machine: string,
  gpus: number,
  each: number,
  [single, half]: readonly [number | null, number | null],
  over: Partial<Measurement> = {},
): Measurement[] {
  const precision = machine.startsWith("a100") ? "tf32" : "fp32";
  return [
    ...single === null ? [] : [nvidia(table, machine, gpus, each, precision, single, over)],
    ...half === null ? [] : [nvidia(table, machine, gpus, each, "half", half, over)],
  ];
}

function torchrec(gpus: number, each: number, published: number): Measurement {
  return {
    what: `a100x8, ${gpus} x ${each}, tf32`,
    source: TORCHREC_README,
    ...{ machine: "a100x8", gpus, published, precision: "tf32", known: "first" },
    batch: gpus * each,
    shape: TORCHREC_SHAPE,
    program: TORCHREC,
    lacks: LAUNCHING,
  };
}

/** All of them. */
export const MEASUREMENTS: readonly Measurement[] = [
  ...both(TF2_2022, "a100-80x8", 1, 65_536, [2680, null], { known: "before" }),
  ...both(TF2_2022, "a100-80x8", 8, 8192, [9390, null], { known: "before" }),
  ...both(TF2_2022, "a100-80x8", 1, 65_536, [null, 4470]),
  ...both(TF2_2022, "a100-80x8", 8, 8192, [null, 13_310]),
  ...both(TF2_2022, "v100x8", 1, 65_536, [648, 2060]),
  ...both(TF2_2022, "v100x8", 8, 8192, [2900, 5890]),
  ...both(TF2_2022, "v100x16", 1, 65_536, [675, 2160]),
  ...both(TF2_2022, "v100x16", 8, 8192, [3750, 7720]),
  ...both(TF2_2022, "v100x16", 16, 4096, [5740, 9390]),
  ...both(TF2_2023, "a100-80x8", 1, 65_536, [2840, 4550]),
  ...both(TF2_2023, "a100-80x8", 8, 8192, [10_900, 13_800]),
  ...both(TF2_2023, "v100x8", 1, 65_536, [663, 2230]),
  ...both(TF2_2023, "v100x8", 8, 8192, [3130, 6310]),
  ...both(TF2_2023, "v100x16", 1, 65_536, [698, 2440]),
  ...both(TF2_2023, "v100x16", 8, 8192, [3790, 7820]),
  ...both(TF2_2023, "v100x16", 16, 4096, [6430, 10_500]),
  ...both(TF2_2021, "a100-80x8", 1, 65_536, [1990, 2780]),
  ...both(TF2_2021, "a100-80x8", 8, 8192, [8410, 12_600]),
  // For 16 bits see NOT_PREDICTED.
  ...both(TF2_2021, "v100x8", 1, 65_536, [520, null]),
  ...both(TF2_2021, "v100x8", 8, 8192, [2270, 5460]),
  ...both(TF2_2021, "v100x16", 1, 65_536, [640, 1650]),
  ...both(TF2_2021, "v100x16", 8, 8192, [3050, 7980]),
  ...both(TF2_2021, "v100x16", 16, 4096, [4300, 9210]),
  ...both(PYTORCH_2021, "a100-80x8", 1, 32_768, [2740, 4180]),
  ...both(PYTORCH_2021, "a100-80x8", 8, 8192, [10_600, 16_200]),
  ...both(PYTORCH_2021, "a100x8", 1, 32_768, [2530, 3970]),
  ...both(PYTORCH_2021, "a100x8", 8, 8192, [9980, 15_400]),
  ...both(PYTORCH_2021, "v100x8", 1, 32_768, [667, 2200]),
  ...both(PYTORCH_2021, "v100x8", 8, 8192, [2830, 7480]),
  ...both(PYTORCH_2021, "v100x16", 1, 32_768, [713, 2330]),
  ...both(PYTORCH_2021, "v100x16", 8, 8192, [3280, 8480]),
  ...both(PYTORCH_2021, "v100x16", 16, 4096, [4690, 11_100]),
  ...both(PYTORCH_GRAPHS, "a100-80x8", 1, 65_536, [2880, 4020]),
  ...both(PYTORCH_GRAPHS, "a100-80x8", 8, 8192, [11_400, 16_500]),
  ...both(PYTORCH_GRAPHS, "v100x8", 1, 65_536, [672, 2090]),
  ...both(PYTORCH_GRAPHS, "v100x8", 8, 8192, [2880, 6920]),
  ...both(PYTORCH_GRAPHS, "v100x16", 1, 65_536, [717, 2250]),
  ...both(PYTORCH_GRAPHS, "v100x16", 8, 8192, [3330, 7930]),
  ...both(PYTORCH_GRAPHS, "v100x16", 16, 4096, [4740, 10_800]),
  ...both(DCNV2, "a100-80x8", 1, 65_536, [689, 1370], CROSSED),
  ...both(DCNV2, "a100-80x8", 8, 8192, [3810, 5750], { ...CROSSED, shape: crossed(LARGE) }),
  {
    what: "V100 32 GB, 1 x 32768, fp32",
    source: PYTORCH,
    ...{ machine: "v100x8", gpus: 1, batch: 32_768, precision: "fp32", shape: SMALL },
    ...{ published: 494_000, known: "before" },
  },
  {
    what: "V100 32 GB, 1 x 32768, half",
    source: PYTORCH,
    ...{ machine: "v100x8", gpus: 1, batch: 32_768, precision: "half", shape: SMALL },
    ...{ published: 875_000, known: "before" },
    lacks:
      "what the first version of 2020 did beside products, lookups and interaction is in no source: one of 2021 was 2.5 times as quick at 16 bits on the same GPU",
  },
  {
    what: "T4, 1 x 4096, fp32, gradients of all rows",
    source: "pytorch/benchmark#1397: 32.6 ms; the default model, 26 tables of 100,000 rows of 64",
    ...{ machine: "t4", gpus: 1, batch: 4096, precision: "fp32" },
    shape: {
      table_rows: Array(26).fill(100_000),
      dim: 64,
      bottom: [13, 512, 256, 64],
      top: [64 + 351, 512, 512, 256, 1],
    },
    ...{ published: 4096 / 0.0326, known: "before" },
    program: EAGER_DENSE,
    lacks:
      "how often PyTorch passes over 665 MB of rows and gradients is not in the source: four times at least are charged, and each more takes 2.3 ms",
  },
  torchrec(8, 256, 284_615),
  torchrec(4, 4096, 1_458_176),
  torchrec(8, 2048, 1_671_168),
  torchrec(8, 8192, 5_373_952),
];

/** What was changed after a blind prediction, with the errors before. */
export const CHANGED =
  "NVIDIA's PyTorch was predicted blind with its bottom MLP on every GPU: 11.9 %, worst 36.4 %, over the 32; 10.0 %, worst 36.4 %, over the 28 of them for which nothing is known to be lacking; and 8.6 %, worst 36.4 %, over all such figures, so that the bar was missed as registered. Its README says that GPU 0 has it alone, and no table; that was modelled then, and nothing else was changed, but the errors were known";

/** When it was said what the model lacks, which decides what is left out of the bar. */
export const LEFT_OUT =
  "The links of a DGX-1, TorchRec's launching thread and the first PyTorch version at 16 bits were left out of the bar when programs were registered, for PyTorch with another reason than now; the errors of the first registration were known then. TensorFlow 2.4 was left out when its table was read, not by the rule that was committed before; the T4 once its error was known";

/** Named sources that cannot be predicted, and why. */
export const NOT_PREDICTED: readonly { readonly source: string; readonly why: string }[] = [
  {
    source: "pytorch/benchmark#878, A100, 17.3 ms",
    why: "its configuration is a placeholder that the thread does not give",
  },
  {
    source: "hpcaitech/CachedEmbedding#20, 60 iterations a second",
    why: "neither minibatch nor GPU is given",
  },
  {
    source: "facebookresearch/dlrm#206, 7.9 ms an iteration",
    why: "the GPU is not given, and the program is in JAX",
  },
  {
    source: "NVIDIA DeepLearningExamples, DLRM for PyTorch, 8 x A100, 6:27 an epoch",
    why:
      "the time holds evaluations whose number is not given; its TensorFlow 2 throughput is above",
  },
  {
    source:
      "NVIDIA DeepLearningExamples, DLRM for TensorFlow 2, March 2021, one V100 of a DGX-1 at 16 bits, 2.27 million a second",
    why: "it contradicts the speed-up of 3.11 beside it",
  },
  {
    source: "NVIDIA DeepLearningExamples, extra large DLRM on eight GPUs",
    why: "rows split by columns are not modelled",
  },
  {
    source:
      "NVIDIA DeepLearningExamples, extra large DLRM on 2 x EPYC 7742 (17,700 a second) and with one A100 (768,000)",
    why:
      "the minibatch is not given, and TensorFlow's own kernels on processors are slower than any rate of the machine says",
  },
  {
    source: "facebookresearch/dlrm, torchrec_dlrm/README.MD, one A100, 740,065 a second",
    why:
      "91 GiB of rows do not fit its memory; what its cache of host memory misses depends on the inputs, which are not counted here (`gpu-cached` simulates such a cache for a trace)",
  },
  {
    source: "HugeCTR's performance page and MLPerf training logs",
    why:
      "the page has plots without numbers; MLPerf gives times to an accuracy over programs that fuse and overlap what the model issues one by one",
  },
  {
    source: "TorchRec's benchmarks of EmbeddingBagCollection, V100",
    why:
      "the number of minibatches of its epoch is not given, so that only ratios could be compared",
  },
];
