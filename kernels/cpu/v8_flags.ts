/**
 * Prints the flag with which Deno starts V8's 256-bit mode on this machine; nothing where V8 does not know it. The tasks
 * of deno.json put it before their own words: V8 reads its flags only when a process starts, and refuses those that it
 * does not know.
 *
 * @module
 */

import { print } from "../../core/streams.ts";

/** Words for `deno run`: V8's flag on x86-64, none elsewhere. The wide kernels are made for it (`linear/wide.ts`). */
export function wideModeFlags(arch: typeof Deno.build.arch = Deno.build.arch): readonly string[] {
  return arch === "x86_64" ? ["--v8-flags=--experimental-wasm-revectorize"] : [];
}

if (import.meta.main) print(wideModeFlags().join(" "));
