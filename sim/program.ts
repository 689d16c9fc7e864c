/**
 * What a training program does otherwise than eager PyTorch of 2019, which the operations here are modelled on: its products,
 * its interaction, how its GPUs talk. Every number comes from a source that none of the published throughputs is in.
 *
 * @module
 */

/** How a program differs; what it does not say is as in the eager framework. */
export interface Program {
  /** One line. */
  readonly title: string;
  /** Share of the peak that products reach, in place of the machine's `gemm_share`: of float32 units, and of tensor cores. */
  readonly gemmShare?: { readonly fp32: number; readonly tensor: number };
  /** Whether the interaction is one kernel each way over the concatenated vectors. */
  readonly fusedInteraction?: boolean;
  /** Whether vectors cross as the MLPs have them, in 16 bits at `half`. */
  readonly narrowExchange?: boolean;
  /** Passes over the vectors, each reading and writing them, before an exchange and after it. */
  readonly exchangePasses?: number;
  /** Microseconds that a collective operation waits before it starts. */
  readonly collectiveUs?: number;
  /** Whether one GPU has the bottom MLP for all inputs and no table, and the others the tables, equally many at most. */
  readonly bottomOnFirst?: boolean;
  /** Whether gradients of all rows are made and applied, and not only of those looked up. */
  readonly denseRows?: boolean;
  /** Microseconds that the launching thread needs for an iteration at least. */
  readonly leastHostUs?: number;
}

/** What the operations are modelled on. */
export const EAGER: Program = { title: "eager PyTorch" };

/**
 * TensorFlow 2 with XLA, Horovod and NVIDIA's distributed-embeddings, as in DeepLearningExamples:
 *
 * - products: up to 83 TFLOP/s on V100's tensor cores (peak 125), seven times what single precision reached, which is 0.77 of
 *   15.44 TFLOP/s (Markidis et al. 2018, "NVIDIA Tensor Core Programmability, Performance & Precision"); both shares are taken
 *   for other GPUs too, TF32 included;
 * - interaction: tensorflow-dot-based-interact, one kernel each way (TensorFlow2/Recommendation/DLRM/model.py);
 * - vectors are cast to the layer's compute type, concatenated, sent, split and concatenated again, one fused pass on each
 *   side (distributed-embeddings, dist_model_parallel.py);
 * - Horovod starts what is ready once a cycle, of 1 ms since 0.21 (its release notes), so that a collective waits for half of
 *   that in the mean.
 */
export const TENSORFLOW_2: Program = {
  title: "TensorFlow 2, XLA",
  gemmShare: { fp32: 83 / 7 / 15.44, tensor: 83 / 125 },
  fusedInteraction: true,
  narrowExchange: true,
  exchangePasses: 1,
  collectiveUs: 500,
};

/**
 * NVIDIA's DLRM for PyTorch since it has several GPUs (2020 and 2021): the products of the libraries, an interaction of one kernel
 * each way and vectors cast before they are sent, as above; collectives of torch.distributed wait for no cycle. GPU 0 has the
 * bottom MLP and no table (its README, "Embedding table placement and load balancing").
 */
export const NVIDIA_PYTORCH: Program = {
  title: "PyTorch, NVIDIA's kernels",
  gemmShare: TENSORFLOW_2.gemmShare!,
  fusedInteraction: true,
  narrowExchange: true,
  exchangePasses: 1,
  bottomOnFirst: true,
};

/**
 * TorchRec before CUDA graphs and threads that launch kernels: its iteration of MLPerf's DLRM-DCNv2 at 512 inputs a GPU took 7.6
 * ms on H100, all of it launching (PyTorch's account of its optimisation for MLPerf: 3.4 ms after). Exchanges overlap.
 */
export const TORCHREC: Program = {
  title: "TorchRec",
  leastHostUs: 7600,
};

/** TorchRec's model in eager PyTorch with its fused optimizer taken out (pytorch/benchmark#1397): gradients of all rows. */
export const EAGER_DENSE: Program = {
  title: "eager PyTorch, dense gradients",
  denseRows: true,
};
