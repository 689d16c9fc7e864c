/**
 * A criterion from a file: a module that exports one.
 *
 * @module
 */

import { fs } from "../../core/deno.ts";
import { UserError } from "../../core/errors.ts";
import { fileError, Sha256 } from "../../core/files.ts";
import { importFile } from "../../core/import_file.ts";
import {
  COMBINES,
  CRITERIA,
  type Criterion,
  CRITERION_NEEDS,
  type CriterionFile,
  type CriterionName,
} from "./criterion.ts";
import type { PlanOptions } from "./options.ts";

const NAME = /^[a-z][a-z0-9-]*$/i;

/**
 * Loads a criterion from its file; a name or a criterion object is returned as it is. The module exports it by default or
 * under the name `criterion`. It runs with all permissions of the process.
 *
 * @throws {UserError} The file cannot be read, cannot be imported, exports no criterion, or is not the one whose hash is
 * given.
 * @category Training
 */
export async function loadCriterion(
  criterion: CriterionName | Criterion | CriterionFile,
): Promise<CriterionName | Criterion> {
  if (typeof criterion === "string" || "score" in criterion) return criterion;
  // A criterion that a script made has no file in the checkpoint.
  if (!("file" in criterion)) return criterion;
  const { file } = criterion;
  const sha256 = await hashOf(file);
  if (criterion.sha256 !== undefined && criterion.sha256 !== sha256) {
    throw new UserError(
      `Cannot use criterion ${file}: it has changed since the run began, so it would decide otherwise`,
    );
  }
  // The hash keeps a module apart from an earlier text of the same file.
  const module = await importFile(file, "criterion", `?${sha256}`);
  const found = module.criterion ?? module.default;
  const reason = whyNot(found);
  if (reason !== null) throw new UserError(`Cannot use criterion ${file}: ${reason}`);
  return { ...found as Criterion, file, sha256 };
}

/**
 * Options whose criterion has been loaded.
 *
 * @throws {UserError} As {@linkcode loadCriterion}.
 */
export async function loadPlan(options: PlanOptions): Promise<PlanOptions> {
  return { ...options, criterion: await loadCriterion(options.criterion) };
}

/**
 * Options as documents and checkpoints hold them: a criterion object is reduced to its name, with file and hash if it was
 * loaded from one. {@linkcode loadPlan} takes them back.
 */
export function storablePlan(options: PlanOptions): PlanOptions {
  const { criterion } = options;
  if (typeof criterion === "string" || !("score" in criterion)) return options;
  const { name, file, sha256 } = criterion;
  const kept = { name, ...(file === undefined ? {} : { file, sha256 }) };
  // Without a file, `findCriterion` refuses it when it is read back.
  return { ...options, criterion: kept as CriterionFile };
}

/** Why a value is not a criterion; null if it is one. */
function whyNot(found: unknown): string | null {
  if (typeof found !== "object" || found === null) {
    return 'it exports no object by default or as criterion, such as { name: "mine", score: (row) => row.change }';
  }
  const { name, score, defaultCombine, needs } = found as Partial<Criterion>;
  if (typeof score !== "function") return "its criterion has no function score(row)";
  if (typeof name !== "string" || !NAME.test(name)) {
    return `its name is ${JSON.stringify(name)}, which must be of letters, digits and hyphens`;
  }
  if (name in CRITERIA) return `its name, ${name}, is that of a built-in criterion`;
  if (defaultCombine !== undefined && !COMBINES.includes(defaultCombine)) {
    return `its defaultCombine is ${defaultCombine}, which must be one of ${COMBINES.join(", ")}`;
  }
  if (needs !== undefined && !CRITERION_NEEDS.includes(needs)) {
    return `its needs is ${needs}, which must be one of ${CRITERION_NEEDS.join(", ")}`;
  }
  return null;
}

async function hashOf(file: string): Promise<string> {
  try {
    const hash = new Sha256();
    hash.update(await fs.readFile(file));
    return hash.hex();
  } catch (error) {
    throw fileError("read", file, error);
  }
}
