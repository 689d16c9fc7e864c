/**
 * What the library takes of Node's modules, which Deno has and a browser has not. They are looked up when they are used and
 * not imported, so that a bundler for browsers finds no import that it cannot follow.
 *
 * @module
 */

import { IN_BROWSER, missing } from "./deno.ts";

/** The modules in use. */
interface NodeModules {
  readonly "node:crypto": typeof import("node:crypto");
  readonly "node:fs": typeof import("node:fs");
  readonly "node:os": typeof import("node:os");
  readonly "node:path": typeof import("node:path");
  readonly "node:stream": typeof import("node:stream");
  readonly "node:timers/promises": typeof import("node:timers/promises");
  readonly "node:url": typeof import("node:url");
  readonly "node:worker_threads": typeof import("node:worker_threads");
  readonly "node:zlib": typeof import("node:zlib");
}

/** Node's process, as far as it is needed here. */
interface Process {
  getBuiltinModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name];
}

/** One of Node's modules. In a browser any use of what it holds throws a `UserError`. */
export function nodeModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] {
  return IN_BROWSER
    ? missing("files of this computer")
    : (globalThis as unknown as { readonly process: Process }).process.getBuiltinModule(name);
}

/** A function of a module, which is looked up at the first call. */
function late<Name extends keyof NodeModules, Key extends keyof NodeModules[Name]>(
  name: Name,
  key: Key,
): NodeModules[Name][Key] {
  let found: ((...given: unknown[]) => unknown) | null = null;
  const call = (...given: unknown[]): unknown => {
    found ??= nodeModule(name)[key] as (...given: unknown[]) => unknown;
    return found(...given);
  };
  return call as NodeModules[Name][Key];
}

export const closeSync = late("node:fs", "closeSync");
export const createReadStream = late("node:fs", "createReadStream");
export const openSync = late("node:fs", "openSync");
export const readSync = late("node:fs", "readSync");
export const cpus = late("node:os", "cpus");
export const basename = late("node:path", "basename");
export const dirname = late("node:path", "dirname");
export const join = late("node:path", "join");
export const resolve = late("node:path", "resolve");
export const setImmediate = late("node:timers/promises", "setImmediate");
export const fileURLToPath = late("node:url", "fileURLToPath");
export const pathToFileURL = late("node:url", "pathToFileURL");
export const brotliDecompressSync = late("node:zlib", "brotliDecompressSync");
export const crc32 = late("node:zlib", "crc32");
export const createGunzip = late("node:zlib", "createGunzip");
export const createInflateRaw = late("node:zlib", "createInflateRaw");
export const createZstdDecompress = late("node:zlib", "createZstdDecompress");
export const gunzipSync = late("node:zlib", "gunzipSync");
export const zstdDecompressSync = late("node:zlib", "zstdDecompressSync");
