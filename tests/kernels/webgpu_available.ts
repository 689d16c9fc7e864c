/**
 * Whether WebGPU tests run here: they are skipped where there is no adapter (webgpu_conformance_test.ts says so once),
 * unless the environment demands one.
 *
 * @module
 */

import { findAdapter } from "../../kernels/webgpu/adapter.ts";

const REQUIRE = "SLIPSTREAM_REQUIRE_WEBGPU";

/** Whether an adapter of any kind, hardware or software, is here. Throws if there is none and the environment demands one. */
export const webGpuAvailable: boolean = await look();

async function look(): Promise<boolean> {
  if (await findAdapter("any") !== null) return true;
  if (Deno.env.get(REQUIRE) === "1") {
    throw new Error(`Cannot run the WebGPU tests that ${REQUIRE}=1 demands: no adapter was found`);
  }
  return false;
}

/** Whether WebGPU is Deno's own here, and not Dawn (`deno task test:dawn`): what one does beyond WebGPU's promises. */
export const onWgpu: boolean = Deno.env.get("SLIPSTREAM_WEBGPU") !== "dawn";
