/**
 * Ways of computing the same on WebGPU. Which is faster depends on the GPU: all but the standard ones are asked for when a
 * device is opened, and `deno task bench kernels --kernels` times them beside one another.
 *
 * @module
 */

/** What can be chosen. */
export interface KernelVariants {
  /** Rows of the matrix product's result that a thread holds, beside 4 columns: 4, or 8 for large products. */
  readonly productRows: 4 | 8;
  /** Whether all products of small minibatches are summed in parts of their depth; weight gradients always are. */
  readonly splitDepth: boolean;
  /** Whether the interaction reads an input's vectors from workgroup memory, where they fit. */
  readonly stagedInteraction: boolean;
  /** Lookups of a row in a minibatch from which a workgroup of its own adds up its gradients: 2 or more. */
  readonly longSegment: number;
}

/** What is used unless something else is asked for. 32 lookups are FBGEMM's limit too. */
export const STANDARD_KERNELS: KernelVariants = {
  productRows: 4,
  splitDepth: false,
  stagedInteraction: false,
  longSegment: 32,
};

/** Named choices: each differs from the standard one in one way, or for `all` in every way but the segments. */
export const KERNEL_CHOICES = {
  "standard": {},
  "tile-8x4": { productRows: 8 },
  "split-depth": { splitDepth: true },
  "staged-interaction": { stagedInteraction: true },
  "segments-8": { longSegment: 8 },
  "segments-128": { longSegment: 128 },
  "all": { productRows: 8, splitDepth: true, stagedInteraction: true },
} as const satisfies Readonly<Record<string, Partial<KernelVariants>>>;

/** Name of a choice. */
export type KernelChoice = keyof typeof KERNEL_CHOICES;

/** Names of the choices. */
export const KERNEL_CHOICE_NAMES = Object.keys(KERNEL_CHOICES) as readonly KernelChoice[];

/** The standard kernels, but for what is asked for. Throws a `RangeError` for what cannot be. */
export function chooseKernels(wanted: Partial<KernelVariants>): KernelVariants {
  const chosen = { ...STANDARD_KERNELS, ...wanted };
  const { longSegment, productRows } = chosen;
  if (!Number.isSafeInteger(longSegment) || longSegment < 2) {
    throw new RangeError(
      `Cannot use a long segment of ${longSegment} lookups: it must be a whole number of 2 or more`,
    );
  }
  if (productRows !== 4 && productRows !== 8) {
    throw new RangeError(`Cannot use tiles of ${productRows} rows a thread: there are 4 and 8`);
  }
  return chosen;
}
