/**
 * The software costs of systems, beyond a machine's rates: scalars that all workloads share. They are in `parameters.json`,
 * each with its range and its source; a value whose source says "no source" is a guess within its range.
 *
 * @module
 */

import type { Quantity } from "./machine.ts";
import document from "./parameters.json" with { type: "json" };

/** One scalar with its range. Its unit is in its name. */
export interface SystemParameter extends Quantity {
  /** Lower end of the range. */
  readonly low: number;
  /** Upper end of the range. */
  readonly high: number;
  /** `fixed`: set from sources; `prior`: a range, not fitted; `calibrated`: one of the three that published ratios may set. */
  readonly status: "fixed" | "prior" | "calibrated";
}

/** The name of a parameter. */
export type ParameterName = keyof typeof document;

/** Values of all parameters. */
export type Parameters = Readonly<Record<ParameterName, number>>;

/** The parameters before any calibration. */
export const PARAMETERS = document as Readonly<Record<ParameterName, SystemParameter>>;

/** The names, in order. */
export const PARAMETER_NAMES = Object.keys(PARAMETERS) as readonly ParameterName[];

/** Start values of all parameters. */
export const START_PARAMETERS: Parameters = Object.fromEntries(
  PARAMETER_NAMES.map((name) => [name, PARAMETERS[name].value]),
) as Parameters;
