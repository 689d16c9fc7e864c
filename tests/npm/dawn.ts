/**
 * Dawn, Chromium's implementation of WebGPU: a second one beside Deno's own, which is wgpu.
 *
 * @module
 */

// deno-lint-ignore no-import-prefix
export { create, globals } from "npm:webgpu@0.6.2";
