/**
 * Prints the flags with which Deno starts V8's 256-bit mode on this machine; nothing where V8 does not know it. The tasks
 * of deno.json put them before their own words: V8 reads its flags only when a process starts, and refuses those that it
 * does not know.
 *
 * @module
 */

import { print } from "../../core/streams.ts";

/**
 * Words for `deno run`: V8's flags on x86-64, none elsewhere. The wide kernels are made for the first (`linear/wide.ts`).
 * Without Liftoff kernels run optimised from their first call: short runs would spend most of their time in V8's other code.
 */
export function wideModeFlags(arch: typeof Deno.build.arch = Deno.build.arch): readonly string[] {
  return arch === "x86_64" ? ["--v8-flags=--experimental-wasm-revectorize,--no-liftoff"] : [];
}

if (import.meta.main) print(wideModeFlags().join(" "));
