/** Everything that is fuzzed. */

import { COLUMN_FILES } from "./columns.ts";
import { COMMAND_LINES } from "./command_lines.ts";
import { DOCUMENTS } from "./documents.ts";
import { FILES } from "./files.ts";
import { FOLDERS } from "./folders.ts";
import { LOGS } from "./logs.ts";
import type { Subject } from "./subject.ts";

/** By name. */
export const SUBJECTS: readonly Subject[] = [
  ...DOCUMENTS,
  ...FILES,
  ...FOLDERS,
  ...LOGS,
  ...COLUMN_FILES,
  ...COMMAND_LINES,
];
