/**
 * What `deno task gpu` does, in the order of its worth: commands of this project, each in a process of its own, so that one
 * that fails or takes too long costs none of the others.
 *
 * @module
 */

/** A part. */
export interface GpuPart {
  /** On the command line and before the titles of its tables. */
  readonly name: string;
  /** One line for `--help`. */
  readonly help: string;
  /** `bench` leaves a document of the experiment; `test` ends with the number of tests that passed. */
  readonly kind: "bench" | "test";
  /** What it takes on a GPU at most, as a guess: a part is not begun with less than half of that left. */
  readonly minutes: number;
  /** Words of the task `bench`, the experiment first; or files of the task `test`. */
  readonly words: readonly string[];
}

const BATCHES = "1024-2048-4096-16384";

/** All parts, those first that are worth the most. */
export const GPU_PARTS: readonly GpuPart[] = [
  {
    name: "speed",
    help: "RM1 to RM4 at several minibatch sizes: samples a second, host and device time a step",
    kind: "bench",
    minutes: 1.5,
    words: ["speed", "--batch", BATCHES],
  },
  {
    name: "conformance",
    help: "every kernel against float64 references",
    kind: "test",
    minutes: 1,
    words: [
      "tests/kernels/webgpu_conformance_test.ts",
      "tests/kernels/webgpu_variants_conformance_test.ts",
    ],
  },
  {
    name: "placements",
    help: "placements and plans beside their prediction: link bytes, copies of hot rows, blocks",
    kind: "bench",
    minutes: 1.5,
    words: ["placements", "--workloads", "rm2,rm4"],
  },
  {
    name: "peers",
    help: "PyTorch eager, under CUDA graphs, and with FBGEMM's tables, in turn with ours",
    kind: "bench",
    minutes: 1.5,
    words: ["peers", "--batch", BATCHES],
  },
  {
    name: "kernels",
    help: "each op's share of the measured limits",
    kind: "bench",
    minutes: 1,
    words: ["kernels"],
  },
  {
    name: "validate",
    help: "the simulator of this machine against runs that it has not seen",
    kind: "bench",
    minutes: 2,
    words: ["validate"],
  },
  {
    name: "choices",
    help: "each op with other kernels than the standard ones",
    kind: "bench",
    minutes: 4,
    words: ["kernels", "--kernels", "tile-8x4,split-depth,staged-interaction,all"],
  },
];

/** Their names. */
export const GPU_PART_NAMES: readonly string[] = GPU_PARTS.map(({ name }) => name);
