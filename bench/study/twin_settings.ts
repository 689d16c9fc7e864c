/**
 * Twins that are drawn otherwise than by default: with popularity that drifts, or other planted effects.
 *
 * @module
 */

import type { Settings } from "../experiment.ts";

/** What may be drawn otherwise of a twin, as its options name it. */
export interface TwinSettings {
  /** Days that the inputs span while popularity drifts; the runs are then trained in the order of time. */
  readonly driftDays?: number;
  /** How fast planted effects shrink with popularity, if not as usual. */
  readonly effectExponent?: number;
}

/** Settings of twins that are drawn otherwise. */
export type DrawnSettings = Partial<Pick<Settings, "driftDays" | "effectExponent">>;

/** The settings as the names of twins have them, `,drift=10,effect=0.5`; nothing for the twin as it is. */
export function twinWords({ driftDays, effectExponent }: TwinSettings = {}): string {
  return (driftDays === undefined ? "" : `,drift=${driftDays}`) +
    (effectExponent === undefined ? "" : `,effect=${effectExponent}`);
}

/** How settings want twins to be drawn; nothing for twins as they are. */
export function drawnOtherwise(
  { driftDays, effectExponent }: DrawnSettings,
): { readonly twin?: TwinSettings } {
  const twin = {
    ...(driftDays == null ? {} : { driftDays }),
    ...(effectExponent == null ? {} : { effectExponent }),
  };
  return Object.keys(twin).length === 0 ? {} : { twin };
}
