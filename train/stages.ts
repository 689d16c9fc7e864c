/**
 * The stages of training by which time is measured and simulated.
 *
 * @module
 */

/** Every stage, in the order of a trace's columns: a new one goes to the end. */
export const STAGES = [
  "prepare",
  "gather",
  "upload",
  "forward",
  "interact",
  "backward",
  "download",
  "update-rows",
  "update-dense",
  "allreduce",
  "sync-hot",
  "snapshot",
  "search",
  "classify",
  "evaluate",
] as const;

/** A part of training whose time is measured on its own. */
export type Stage = typeof STAGES[number];

/** The column of a stage's milliseconds: `update_rows_ms` of `update-rows`. */
export function stageColumn(stage: Stage): `${string}_ms` {
  return `${stage.replaceAll("-", "_")}_ms`;
}

const KNOWN: ReadonlySet<string> = new Set(STAGES);

/** The stage that an op was recorded for. Throws an `Error` for a name that is no stage. */
export function stageOf(name: string): Stage {
  if (!KNOWN.has(name)) throw new Error(`Cannot book time on ${name}: it is no stage`);
  return name as Stage;
}

/** A device's times without those under names that are not stages. */
export function timesByStage(
  times: Readonly<Record<string, number>>,
): Partial<Record<Stage, number>> {
  return Object.fromEntries(Object.entries(times).filter(([name]) => KNOWN.has(name)));
}
