/**
 * A figure as data: what the report draws, what its SVG file shows and what stands behind its link are one and the same.
 *
 * @module
 */

/** Where numbers can be from. */
export const ORIGINS = ["measured", "recorded", "generated", "predicted", "published"] as const;

/**
 * Where a number is from: a run on this machine, a run recorded earlier, a generator that was made to have it, the model of
 * another machine, or the paper.
 */
export type Origin = typeof ORIGINS[number];

/** A figure of one or more panels that share their legend. */
export interface Figure {
  /** Lower case with dashes, unique in its experiment: names its files. */
  readonly name: string;
  /** With the paper's figure where it has one. */
  readonly title: string;
  /** What to see in it, in a sentence or two. */
  readonly caption: string;
  /** Panels whose axes have the same label share its scale. */
  readonly panels: readonly Panel[];
  /** Whether the report has it closed at first. */
  readonly secondary?: boolean;
}

/** One pair of axes. */
export interface Panel {
  /** Empty for none. */
  readonly title: string;
  /**
   * `bars`: a bar a category and series, side by side. `stacked`: a bar a category, its series on each other. `lines`: x is a
   * number, a line a series. `scatter`: x is a number, a point a value. `points`: a point a category and series. Where data
   * have `low` and `high`, an interval is drawn.
   */
  readonly mark: "bars" | "stacked" | "lines" | "scatter" | "points";
  readonly x: FigureAxis;
  readonly y: FigureAxis;
  readonly data: readonly Datum[];
  /** Lines across the panel. */
  readonly rules?: readonly { readonly y: number; readonly label: string }[];
  /** Label of a line where x and y are equal, for axes that are both numbers. */
  readonly diagonal?: string;
}

/** What an axis says. */
export interface FigureAxis {
  /** With its unit. */
  readonly label: string;
  /** Linear unless told; `log` needs positive values. */
  readonly scale?: "linear" | "log";
  /** Whether the axis begins at zero; bars always do. */
  readonly zero?: boolean;
}

/** One value. */
export interface Datum {
  /** A category, or a number for lines and scatters. */
  readonly x: string | number;
  readonly y: number;
  /** In order of first appearance in the legend. */
  readonly series: string;
  readonly origin: Origin;
  /** An interval, 95 % unless the caption says otherwise. */
  readonly low?: number;
  readonly high?: number;
}
