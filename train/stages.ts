/**
 * The stages of training that time is booked on, measured and simulated alike.
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

/** What time is booked on. */
export type Stage = typeof STAGES[number];

const KNOWN: ReadonlySet<string> = new Set(STAGES);

/** The stage that an op was recorded for. Throws an `Error` for a name that is no stage. */
export function stageOf(name: string): Stage {
  if (!KNOWN.has(name)) throw new Error(`Cannot book time on ${name}: it is no stage`);
  return name as Stage;
}

/** A device's times, of which those under other names are left out. */
export function timesByStage(
  times: Readonly<Record<string, number>>,
): Partial<Record<Stage, number>> {
  return Object.fromEntries(Object.entries(times).filter(([name]) => KNOWN.has(name)));
}
