/**
 * Modules that a person names by their path.
 *
 * @module
 */

import { pathToFileURL, resolve } from "./node.ts";
import { UserError } from "./errors.ts";

/**
 * Imports a module.
 *
 * @param file Its path, from the current folder.
 * @param what What it should hold, for messages: `criterion`.
 * @param query Goes behind its URL: with another one the same file is read anew.
 * @returns What it exports.
 * @throws {UserError} It cannot be read or run.
 */
export async function importFile(
  file: string,
  what: string,
  query = "",
): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(`${pathToFileURL(resolve(file)).href}${query}`);
  } catch (error) {
    const [message] = String((error as Error)?.message ?? error).split("\n");
    throw new UserError(`Cannot import ${what} ${file}: ${message}`);
  }
}
