/**
 * One experiment from settings to a document, whatever becomes of it.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import type { Experiment, Findings, Settings } from "./experiment.ts";
import { type BenchDocument, buildDocument } from "./report.ts";
import { settingsNote } from "./settings_note.ts";

const SMOKE = "A smoke run: its figures mean nothing";
const NOTHING: Findings = { tables: [], notes: [] };

/** A document, and the error that its `failure` is the message of. */
interface Ran {
  readonly document: BenchDocument;
  /** Undefined where the experiment ended well. */
  readonly error?: unknown;
}

/**
 * Runs an experiment. What it throws is in the document, except an interruption.
 *
 * @param command Words that repeat it.
 * @throws The reason of `settings.signal`, once that is aborted.
 */
export async function runExperiment(
  experiment: Experiment,
  settings: Settings,
  command: string,
): Promise<Ran> {
  const begun = performance.now();
  const note = () => ({
    seconds: (performance.now() - begun) / 1000,
    command,
    settings: settingsNote(settings),
  });
  try {
    const found = await experiment.run(settings);
    // Training that is interrupted ends early, and what it found then is no result.
    settings.signal.throwIfAborted();
    const findings = settings.smoke ? { ...found, notes: [...found.notes, SMOKE] } : found;
    return { document: buildDocument(experiment, findings, note()) };
  } catch (error) {
    // Whatever fails after an interruption fails because of it.
    settings.signal.throwIfAborted();
    return {
      document: buildDocument(experiment, NOTHING, { ...note(), failure: messageOf(error) }),
      error,
    };
  }
}

/** An error in a line: what a person can mend as it is, a defect with its class. */
export function messageOf(error: unknown): string {
  if (error instanceof UserError) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
