/**
 * The layout of an epoch: how many minibatches its cold and its hot inputs make, and where warm-up and window lie among the
 * hot ones. The trainer, the study's learning rate and counted traces all take it from here, each with its own rule.
 *
 * @module
 */

/**
 * What happens to a last minibatch that is not full: trained, left out, or left out unless it is the only one. `drop-two`
 * leaves two minibatches out, full or not.
 */
export type ListEnd = "keep" | "drop" | "drop-unless-only" | "drop-two";

/** How an epoch is laid out. */
export interface LayoutRule {
  /** End of the cold inputs. */
  readonly cold: ListEnd;
  /** End of the hot inputs, as far as warm-up and window are reckoned and nothing is skipped. */
  readonly hot: ListEnd;
  /** End of the hot inputs that are kept after the window. */
  readonly kept: ListEnd;
  /** How a share of the hot minibatches is rounded. */
  readonly round: (minibatches: number) => number;
  /** Minibatches of the window beyond the length asked for. */
  readonly windowExtra: number;
}

/** Inputs of an epoch. */
export interface EpochInputs {
  /** Inputs of which every row is hot. */
  readonly hot: number;
  /** All others. */
  readonly cold: number;
  /** Inputs a minibatch. */
  readonly batch: number;
}

/** Warm-up and window, as requested. */
export interface WantedWindow {
  /**
   * Hot minibatches before the window; or this many, but no more than a share of the hot minibatches; or a share of these.
   */
  readonly warmup:
    | number
    | { readonly minibatches: number; readonly atMost: number }
    | { readonly share: number };
  /** Length of the window: a share of the hot minibatches, or their number. */
  readonly window: { readonly share: number } | { readonly minibatches: number };
  /** The window has at least so many minibatches, as far as these are no more than a share of the hot ones. */
  readonly least?: { readonly minibatches: number; readonly atMost: number };
  /** The window has at least this many minibatches, even if the hot ones are fewer. */
  readonly fewest?: number;
}

/** An epoch in minibatches. */
export interface EpochLayout {
  /** Cold minibatches. */
  readonly cold: number;
  /** Hot minibatches as long as nothing is skipped. */
  readonly hot: number;
  /** Hot minibatches before the window; 0 without one. */
  readonly warmup: number;
  /** Hot minibatches of the window; 0 without one. */
  readonly window: number;
  /** Hot minibatches after the window as long as nothing is skipped; below 0 where the window does not fit. */
  readonly left: number;
  /** Whether a last hot minibatch that is not full is left out as long as nothing is skipped, and after that. */
  readonly wholeHot: boolean;
  readonly wholeKept: boolean;
}

/** Rounds as Python does: halves to even. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Counted traces: every input stands in some minibatch, halves are rounded up, and the window is one minibatch longer. */
export const COUNTED_LAYOUT: LayoutRule = {
  cold: "keep",
  hot: "drop",
  kept: "keep",
  round: Math.round,
  windowExtra: 1,
};

/**
 * The layout of an epoch; `window` is 0 if none is asked for. It throws nothing: a negative `left` says that the window
 * does not fit.
 */
export function layOutEpoch(
  { hot: hots, cold: colds, batch }: EpochInputs,
  wanted: WantedWindow | null,
  rule: LayoutRule,
): EpochLayout {
  const hot = minibatchesOf(hots, batch, rule.hot);
  const { warmup, window } = wanted === null
    ? { warmup: 0, window: 0 }
    : layOutWindow(hot, wanted, rule);
  return {
    cold: minibatchesOf(colds, batch, rule.cold),
    hot,
    warmup,
    window,
    left: hot - warmup - window,
    wholeHot: leavesRest(hots, batch, rule.hot),
    wholeKept: leavesRest(hots, batch, rule.kept),
  };
}

function layOutWindow(
  hot: number,
  { warmup, window, least = { minibatches: 0, atMost: 0 }, fewest = 0 }: WantedWindow,
  { round, windowExtra }: LayoutRule,
): Pick<EpochLayout, "warmup" | "window"> {
  const limited = (of: { readonly minibatches: number; readonly atMost: number }): number =>
    Math.min(of.minibatches, Math.floor(of.atMost * hot));
  const length = "share" in window ? round(window.share * hot) : window.minibatches;
  return {
    warmup: typeof warmup === "number"
      ? warmup
      : "share" in warmup
      ? round(warmup.share * hot)
      : limited(warmup),
    window: Math.max(fewest, limited(least), length) + windowExtra,
  };
}

/** Minibatches of a list of inputs. */
function minibatchesOf(inputs: number, batch: number, end: ListEnd): number {
  const all = Math.ceil(inputs / batch);
  if (end === "drop-two") return Math.max(0, all - 2);
  return leavesRest(inputs, batch, end) ? Math.floor(inputs / batch) : all;
}

/** Whether inputs at the end of a list that fill no minibatch are left out. */
function leavesRest(inputs: number, batch: number, end: ListEnd): boolean {
  return end === "drop" || (end === "drop-unless-only" && inputs >= batch);
}
