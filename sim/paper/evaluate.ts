/**
 * Ratios of training times on the paper's testbed.
 *
 * @module
 */

import { WORKLOAD_NAMES, type WorkloadName } from "../../data/twin/workloads.ts";
import type { Machine } from "../machine.ts";
import type { MinibatchMemo } from "../memo.ts";
import type { Parameters } from "../parameters.ts";
import { simulateWith } from "../simulate.ts";
import type { HeldOut } from "./registration.ts";
import type { PaperWorkloads } from "./workloads.ts";

/** What ratios are computed for. */
export interface Scenario {
  readonly machine: Machine;
  readonly workloads: PaperWorkloads;
  readonly parameters: Parameters;
  readonly gpus: number;
  readonly batchPerGpu: number;
  readonly drop: number;
  /** Minibatches of earlier simulations on the same machine. */
  readonly memo?: MinibatchMemo | undefined;
}

/** A ratio of times: by workload, and the mean. */
export interface Ratio {
  readonly byWorkload: Readonly<Record<WorkloadName, number>>;
  readonly mean: number;
}

/** Training times of a system by workload, in milliseconds an epoch. */
export function timesOf(scenario: Scenario, system: string): Record<WorkloadName, number> {
  const { workloads, memo, ...options } = scenario;
  const entries = WORKLOAD_NAMES.map((name) => {
    const { epoch_ms } = simulateWith({ ...options, trace: workloads[name], system }, memo);
    return [name, epoch_ms] as const;
  });
  return Object.fromEntries(entries) as Record<WorkloadName, number>;
}

/** Ratios of pairs of systems; each system is simulated once. */
export function ratiosOf(
  scenario: Scenario,
  pairs: readonly Pick<HeldOut, "slower" | "faster">[],
): Ratio[] {
  const times = new Map<string, Record<WorkloadName, number>>();
  const of = (system: string) => {
    let found = times.get(system);
    if (found === undefined) times.set(system, found = timesOf(scenario, system));
    return found;
  };
  return pairs.map(({ slower, faster }) => {
    const up = of(slower), down = of(faster);
    const byWorkload = Object.fromEntries(
      WORKLOAD_NAMES.map((name) => [name, up[name] / down[name]]),
    ) as Record<WorkloadName, number>;
    return { byWorkload, mean: meanOf(WORKLOAD_NAMES.map((name) => byWorkload[name])) };
  });
}

/** Mean of |predicted - published| / published. */
export function mapeOf(
  predicted: readonly number[],
  heldOut: readonly Pick<HeldOut, "published">[],
): number {
  return meanOf(
    predicted.map((value, i) => Math.abs(value / heldOut[i]!.published - 1)),
  );
}

/** Arithmetic mean. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
