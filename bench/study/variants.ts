/**
 * The variants of the study of skipping: a plan, its drop share, its criterion, and how features are normalised.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { nearest } from "../../core/nearest.ts";
import { PLAN_DEFAULTS, type PlanOptions } from "../../train/plan/options.ts";
import type { Settings } from "../experiment.ts";
import type { Placement } from "../../train/model/placement.ts";
import type { Normalisation } from "../../train/model/tower.ts";

/** One way to train. */
export interface Variant {
  /** `slipstream-30`, `fae+layer`, … */
  readonly name: string;
  readonly plan: Partial<PlanOptions> & Pick<PlanOptions, "name">;
  readonly normalisation: Normalisation;
}

/** Drop shares, in percent. */
export const DROPS = [10, 30, 50] as const;
/** Stale lookups at which an input is skipped; a workload has 21 or 26 (sequences as many steps). */
export const ALPHAS = [16, 20, 23] as const;
/** Hot minibatches of the window. */
export const WINDOWS = [10, 40] as const;
/** First rates of the interleaved schedule, in percent. */
const RATES = [50, 10, 2] as const;

const PLAIN: readonly Omit<Variant, "normalisation">[] = [
  { name: "baseline", plan: { name: "baseline" } },
  { name: "fae", plan: { name: "fae" } },
  { name: "skip-hot", plan: { name: "skip-hot" } },
  { name: "skip-cold", plan: { name: "skip-cold" } },
  ...DROPS.flatMap((percent): Omit<Variant, "normalisation">[] => {
    const drop = percent / 100;
    return [
      { name: `slipstream-${percent}`, plan: { name: "slipstream", drop } },
      { name: `random-${percent}`, plan: { name: "random-drop", drop } },
      { name: `freeze-${percent}`, plan: { name: "freeze", drop } },
      { name: `root-${percent}`, plan: { name: "slipstream", drop, criterion: "per-root-access" } },
      { name: `path-${percent}`, plan: { name: "slipstream", drop, criterion: "net-over-path" } },
      {
        name: `root-max-${percent}`,
        plan: { name: "slipstream", drop, criterion: "per-root-access", combine: "max" },
      },
      {
        name: `path-mean-${percent}`,
        plan: { name: "slipstream", drop, criterion: "net-over-path", combine: "mean" },
      },
      { name: `paper-mean-${percent}`, plan: { name: "slipstream", drop, combine: "mean" } },
      { name: `artifact-${percent}`, plan: { name: "slipstream", drop, untouched: "stale" } },
      { name: `wake-${percent}`, plan: { name: "slipstream", drop, wakeEvery: 200 } },
    ];
  }),
  ...RATES.flatMap((rate): Omit<Variant, "normalisation">[] => {
    const mixed = { schedule: "interleaved", rate } as const;
    return [
      { name: `fae-mixed${rate}`, plan: { name: "fae", ...mixed } },
      ...DROPS.flatMap((percent): Omit<Variant, "normalisation">[] => {
        const dropping = { ...mixed, drop: percent / 100 };
        const slipstream = { name: "slipstream", ...dropping } as const;
        return [
          { name: `slipstream-mixed${rate}-${percent}`, plan: slipstream },
          { name: `random-mixed${rate}-${percent}`, plan: { name: "random-drop", ...dropping } },
          { name: `freeze-mixed${rate}-${percent}`, plan: { name: "freeze", ...dropping } },
          {
            name: `root-mixed${rate}-${percent}`,
            plan: { ...slipstream, criterion: "per-root-access" },
          },
          {
            name: `path-mixed${rate}-${percent}`,
            plan: { ...slipstream, criterion: "net-over-path" },
          },
          { name: `wake-mixed${rate}-${percent}`, plan: { ...slipstream, wakeEvery: 200 } },
          {
            name: `cold-mixed${rate}-${percent}`,
            plan: { name: "slipstream-cold", ...dropping },
          },
          ...ALPHAS.map((alpha) => ({
            name: `alpha${alpha}-mixed${rate}-${percent}`,
            plan: { ...slipstream, alpha },
          })),
          ...WINDOWS.map((window) => ({
            name: `window${window}-mixed${rate}-${percent}`,
            plan: { ...slipstream, window },
          })),
        ];
      }),
    ];
  }),
];

/** All variants: the plain ones, and each with a normalisation, `+layer` or `+batch`. */
export const VARIANTS: readonly Variant[] = [
  ...PLAIN.map((variant) => ({ ...variant, normalisation: "none" as const })),
  ...(["layer", "batch"] as const).flatMap((normalisation) =>
    PLAIN.map(({ name, plan }) => ({ name: `${name}+${normalisation}`, plan, normalisation }))
  ),
];

/** The plans that the paper compares, and the control. */
export type StandardPlan = "baseline" | "fae" | "slipstream" | "random";

/** Rate of the interleaved schedule at first, in percent: each round is evaluated, which few inputs make dear. */
export function rateOf({ full }: Pick<Settings, "full">): 2 | 10 {
  return full ? 2 : 10;
}

/** Some of them with their variants, D = 0.30. */
export function standardVariants<P extends StandardPlan>(
  plans: readonly P[],
  settings: Pick<Settings, "full">,
): Readonly<Record<P, string>> {
  const rate = rateOf(settings);
  const all: Record<StandardPlan, string> = {
    baseline: "baseline",
    fae: `fae-mixed${rate}`,
    slipstream: `slipstream-mixed${rate}-30`,
    random: `random-mixed${rate}-30`,
  };
  return Object.fromEntries(plans.map((plan) => [plan, all[plan]])) as Record<P, string>;
}

/** The variant of a name. Throws a `UserError` that names near ones. */
export function variantOf(name: string): Variant {
  const found = VARIANTS.find((variant) => variant.name === name);
  if (found !== undefined) return found;
  const near = nearest(name, VARIANTS.map((variant) => variant.name));
  throw new UserError(
    `Cannot run variant ${name}: there is none of that name${
      near === null ? "" : `; did you mean ${near}?`
    }`,
    2,
  );
}

/** Where a variant's rows lie: those of a plan without a hot set on the host, as in the hybrid baseline. */
export function placementOfVariant({ plan }: Variant): Placement {
  return plan.name === "baseline" ? "hybrid" : "hot";
}

/** Hot rows whose changes a run records. */
const WATCHED = 10;

/** A variant's plan with all options. */
export function planOfVariant(variant: Variant, hotMemoryMib: number): PlanOptions {
  const { name } = variant.plan;
  return {
    ...PLAN_DEFAULTS,
    schedule: "cold-then-hot",
    watch: name === "fae" || name === "slipstream" ? WATCHED : 0,
    profile: 1,
    hotMemoryMib,
    ...variant.plan,
  };
}
