/**
 * What `--version` says.
 *
 * @module
 */

import { IN_BROWSER } from "./deno.ts";
import project from "../deno.json" with { type: "json" };

/** The project's version. */
export const PROJECT_VERSION: string = project.version;

/** Versions of the project and of what runs it, in a line. */
export function versionLine(): string {
  if (IN_BROWSER) return `Slipstream ${PROJECT_VERSION} (${navigator.userAgent})`;
  const { deno, v8 } = Deno.version;
  return `Slipstream ${PROJECT_VERSION} (Deno ${deno}, V8 ${v8}, ${Deno.build.target})`;
}
