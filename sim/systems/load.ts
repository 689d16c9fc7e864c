/**
 * Systems from a file: a module that exports them.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { importFile } from "../../core/import_file.ts";
import type { System } from "../system.ts";
import { SYSTEM_NAMES } from "./mod.ts";

/** Members of a system that have to be there, with their types. */
const MEMBERS = {
  name: "string",
  summary: "string",
  needsHot: "boolean",
  skips: "boolean",
  rowsOnGpus: "boolean",
  minibatches: "function",
  minibatch: "function",
  extras: "function",
} as const satisfies Partial<Record<keyof System, string>>;

/**
 * Loads systems from a module, which exports one or a list of them by default or under the name `system`. The module runs
 * with all permissions of the process.
 *
 * @throws {UserError} The file cannot be imported or exports no system.
 */
export async function loadSystems(file: string): Promise<readonly System[]> {
  const module = await importFile(file, "system");
  const found = module.system ?? module.default;
  const systems: readonly unknown[] = Array.isArray(found) ? found : [found];
  const reason = systems.length === 0 ? "its list of systems is empty" : systems.map(whyNot).find(
    (why) => why !== null,
  );
  if (reason != null) throw new UserError(`Cannot use system ${file}: ${reason}`);
  return systems as readonly System[];
}

/** Why a value is not a system; null if it is one. */
function whyNot(found: unknown): string | null {
  if (typeof found !== "object" || found === null) {
    return `it exports no object by default or as system, with the members ${
      Object.keys(MEMBERS).join(", ")
    }`;
  }
  for (const [member, type] of Object.entries(MEMBERS)) {
    const has: string = typeof (found as Readonly<Record<string, unknown>>)[member];
    if (has === type) continue;
    return `${member} of its system is ${
      has === "undefined" ? "missing" : `of type ${has}`
    } and must be a ${type}`;
  }
  const { name } = found as System;
  return SYSTEM_NAMES.includes(name)
    ? `its system's name, ${name}, is that of one of the project's own`
    : null;
}
