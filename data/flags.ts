/**
 * The flags of every command that reads logs, so that all of them read and cache a log in the same way.
 *
 * @module
 */

import type { FlagTable } from "../core/flags.ts";
import { DEFAULT_CACHE, LOG_FORMATS } from "./open.ts";

/** How logs are read. A command takes those that have a meaning for it. */
export const LOG_FLAGS = {
  format: {
    type: "choice",
    choices: ["auto", ...LOG_FORMATS],
    default: "auto",
    group: "Data",
    help: "Format of the files; auto recognises it, and its layout is found in any case",
  },
  schema: {
    type: "path",
    valueName: "FILE.json",
    group: "Data",
    help:
      "What the columns of a log of one's own mean; deno task data schema drafts such a file from the log",
  },
  test: {
    type: "paths",
    valueName: "FILE…",
    group: "Data",
    help: "Files that test, instead of a part of --data",
  },
  validation: {
    type: "paths",
    valueName: "FILE…",
    group: "Data",
    help: "Files that validate, beside --test",
  },
  limit: {
    type: "number",
    integer: true,
    min: 1,
    group: "Data",
    defaultText: "all",
    help: "Use only the first N inputs (of taobao: events)",
  },
  minCount: {
    type: "number",
    integer: true,
    min: 0,
    max: 0xffffffff,
    default: 0,
    group: "Data",
    help:
      "Ids that training has fewer than N times share an out-of-vocabulary row; 0 for no such row",
  },
  dataSeed: {
    type: "number",
    integer: true,
    min: 0,
    max: 0xffffffff,
    default: 123,
    group: "Data",
    help:
      "Seed of what preparing draws: the split of avazu; users, windows and negatives of taobao; a twin",
  },
  badRows: {
    type: "choice",
    choices: ["error", "skip"],
    default: "error",
    group: "Data",
    help:
      "What to do with a malformed row; skip counts and reports them, and more than a tenth of all are an error",
  },
  cache: {
    type: "path",
    valueName: "DIR",
    default: DEFAULT_CACHE,
    group: "Data",
    help: "Where prepared data are kept",
  },
} as const satisfies FlagTable;
