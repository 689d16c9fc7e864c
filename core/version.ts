/**
 * What `--version` says.
 *
 * @module
 */

import project from "../deno.json" with { type: "json" };

/** The project's version. */
export const PROJECT_VERSION: string = project.version;

/** Versions of the project and of what runs it, in a line. */
export function versionLine(): string {
  const { deno, v8 } = Deno.version;
  return `Slipstream ${PROJECT_VERSION} (Deno ${deno}, V8 ${v8}, ${Deno.build.target})`;
}
