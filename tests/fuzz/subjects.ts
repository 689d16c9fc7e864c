/** Everything that is fuzzed. */

import { ARRAYS } from "./arrays.ts";
import { COLUMN_FILES } from "./columns.ts";
import { COMMAND_LINES } from "./command_lines.ts";
import { DOCUMENTS } from "./documents.ts";
import { EVENTS } from "./events.ts";
import { FILES } from "./files.ts";
import { FOLDERS } from "./folders.ts";
import { LOGS } from "./logs.ts";
import { MODEL_FOLDERS } from "./model_folders.ts";
import { RUN_EVENTS } from "./run_events.ts";
import type { Subject } from "./subject.ts";

/** By name. */
export const SUBJECTS: readonly Subject[] = [
  ...DOCUMENTS,
  ...FILES,
  ...FOLDERS,
  ...MODEL_FOLDERS,
  ...LOGS,
  ...RUN_EVENTS,
  ...EVENTS,
  ...ARRAYS,
  ...COLUMN_FILES,
  ...COMMAND_LINES,
];
