/**
 * What the library takes of Deno. A browser has none of it: there every use of files says so in one sentence, and what needs
 * no files runs as it does under Deno.
 *
 * @module
 */

import { UserError } from "./errors.ts";

/** Whether this runs in a browser, or in anything else that is not Deno. */
export const IN_BROWSER: boolean = typeof Deno === "undefined";

/** Threads unless told: a bundle for a browser has no modules of its own for them. */
export function defaultThreads(): number {
  return IN_BROWSER ? 1 : navigator.hardwareConcurrency;
}

/** The functions of Deno that handle files. */
export type FileSystem = Pick<
  typeof Deno,
  | "errors"
  | "makeTempDir"
  | "makeTempFileSync"
  | "mkdir"
  | "mkdirSync"
  | "open"
  | "openSync"
  | "readDir"
  | "readDirSync"
  | "readFile"
  | "readTextFile"
  | "readTextFileSync"
  | "remove"
  | "removeSync"
  | "rename"
  | "SeekMode"
  | "stat"
  | "statSync"
>;

/** Files of this computer. In a browser any use of it throws a `UserError`. */
export const fs: FileSystem = IN_BROWSER ? missing("files of this computer") : Deno;

/**
 * Something that a browser has not got.
 *
 * @param what What is missing, as the end of a sentence.
 */
export function missing<Thing extends object>(what: string): Thing {
  return new Proxy({} as Thing, {
    get: () => {
      throw new UserError(`Cannot use ${what}: this runs in a browser, and only Deno has them`);
    },
  });
}

/** Whether a permission has been given. Never asks for it; nothing is allowed in a browser. */
export function isGranted(permission: Deno.PermissionDescriptor): boolean {
  return !IN_BROWSER && Deno.permissions.querySync(permission).state === "granted";
}

/** An environment variable, or undefined where it is unset or may not be read. */
export function environmentVariable(variable: string): string | undefined {
  return isGranted({ name: "env", variable }) ? Deno.env.get(variable) : undefined;
}

/** The variables of the environment, of some, that are set and may be read. */
export function readableEnv(names: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const variable of names) {
    const value = environmentVariable(variable);
    if (value !== undefined) found[variable] = value;
  }
  return found;
}
