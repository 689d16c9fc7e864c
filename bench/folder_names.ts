/**
 * What lies in a results folder beside the results of experiments.
 *
 * @module
 */

/** How far the suite is. */
export const SUITE_FILE = "suite.json";

/** Locked by who writes into the folder. */
export const LOCK_FILE = "suite.lock";

/** The machine file that `validate` and `placements` measure. */
export const MACHINE_FILE = "machine.json";

/** The page made of all results. */
export const REPORT_FILE = "report.html";

/** What the name of a result ends with that was made of recorded runs. */
export const RECORDED_ENDING = "-recorded";

/** The folder of training runs that experiments share. */
export const TRAINED_FOLDER = "trained";

/** The folder of logs that were prepared to be trained on. */
export const PREPARED_FOLDER = "prepared";

/** All of these names. */
export const NOT_RESULTS: ReadonlySet<string> = new Set([
  SUITE_FILE,
  LOCK_FILE,
  MACHINE_FILE,
  REPORT_FILE,
  TRAINED_FOLDER,
  PREPARED_FOLDER,
]);
