/**
 * Sets of parameters by name. A set is plain data, so that it can be sent to workers.
 *
 * @module
 */

import type { ParameterName, Parameters } from "./parameters.ts";
import { START_PARAMETERS } from "./parameters.ts";
import { firstParameters, loadFrozen } from "./paper/first.ts";
import { loadRegistration } from "./paper/registration.ts";
import { loadSecond } from "./paper/second.ts";
import { drawParameters, drawPriors } from "./uncertainty.ts";

/** The names, the default first. */
export const PARAMETER_SET_NAMES = ["registered", "second", "first", "start"] as const;

/** A name of a set. */
export type ParameterSetName = typeof PARAMETER_SET_NAMES[number];

/** Costs of the systems' software, and how a draw moves them. */
export interface ParameterSet {
  /** What flags call it. */
  readonly name: ParameterSetName;
  /** A description for messages. */
  readonly title: string;
  /** In the middle. */
  readonly parameters: Parameters;
  /** Scalars that are calibrated in each draw, or null: then all that is not fixed is drawn within its range. */
  readonly calibrated: {
    readonly names: readonly ParameterName[];
    /** By draw; empty where they stay as they are. */
    readonly draws: readonly (readonly number[])[];
  } | null;
}

/**
 * Loads a set. Throws a `UserError` if a registered file has changed.
 *
 * @category Simulator: machines
 */
export async function loadParameterSet(name: ParameterSetName): Promise<ParameterSet> {
  if (name === "start") {
    return {
      name,
      title: "as they start, before any calibration",
      parameters: START_PARAMETERS,
      calibrated: null,
    };
  }
  if (name === "first") {
    const frozen = await loadFrozen();
    return {
      name,
      title:
        `the first registration's scalars (${frozen.frozen_on}), which took Intel's kernels for plain PyTorch`,
      parameters: firstParameters(frozen),
      calibrated: { names: ["pytorch_lookup_ns", "intel_lookup_ns"], draws: [] },
    };
  }
  const { registered_on, calibrated, calibration, draws } = name === "second"
    ? await loadSecond()
    : await loadRegistration();
  return {
    name,
    title: `the ${
      name === "second" ? "second" : "third"
    } registration's scalars (${registered_on}), set by published ratios of FAE and Hotline`,
    parameters: calibrated,
    calibrated: { names: calibration.map(({ parameter }) => parameter), draws },
  };
}

/**
 * One draw of a set.
 *
 * @param held Parameters that stay as the set has them.
 */
export function drawSet(
  { parameters, calibrated }: Pick<ParameterSet, "parameters" | "calibrated">,
  draw: number,
  held: ReadonlySet<string> = new Set(),
): Parameters {
  if (calibrated === null) return drawParameters(parameters, draw, held);
  const { names, draws } = calibrated;
  const drawn: Record<ParameterName, number> = {
    ...drawPriors(parameters, draw, new Set([...held, ...names])),
  };
  const scalars = draws[draw % Math.max(1, draws.length)];
  for (const [i, name] of names.entries()) {
    if (scalars !== undefined && !held.has(name)) drawn[name] = scalars[i]!;
  }
  return drawn;
}
