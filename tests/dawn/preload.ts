/**
 * Puts Dawn in the place of Deno's WebGPU, before a test file is loaded (`deno task test:dawn FILE`). Its driver is the one
 * that `VK_ICD_FILENAMES` names; SwiftShader comes with Chromium.
 *
 * @module
 */

import { create, globals } from "../npm/dawn.ts";

for (const [name, value] of Object.entries(globals)) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}
Object.defineProperty(navigator, "gpu", { value: create([]), configurable: true });

// Dawn looks after its devices from `setImmediate`, which it calls from native code. Now and then Deno's loop goes to
// sleep with such a call pending, and the process waits for ever unless something else wakes it.
Deno.unrefTimer(setInterval(() => {}, 20));
