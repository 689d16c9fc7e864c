/**
 * Finding an adapter, and saying why there is none.
 *
 * @module
 */

import { environmentVariable, IN_BROWSER, isGranted } from "../../core/deno.ts";
import { UserError } from "../../core/errors.ts";

/** Which adapters are acceptable: a GPU, a software driver such as llvmpipe, or any, hardware first. */
export type AdapterKind = "hardware" | "software" | "any";

const INSTALL = "install the GPU's Vulkan driver together with libvulkan1 (Debian, Ubuntu: " +
  "libvulkan1 and mesa-vulkan-drivers, which also brings the software adapter llvmpipe), " +
  "or run with the cpu device";

/** The variable from which Deno takes the graphics interfaces that adapters may be of. */
const BACKEND_VARIABLE = "DENO_WEBGPU_BACKEND";
/** Those that WebGPU is made for. OpenGL, to which the runtime falls back by itself, has to be asked for. */
const BACKENDS: Readonly<Record<string, string>> = {
  darwin: "metal",
  windows: "vulkan,dx12",
  linux: "vulkan",
};

/** The graphics interface that adapters are of; `unknown` where it may not be set. Settled before the first look. */
let backend: string | null = null;

/** The graphics interface that adapters are of: the one asked for, or what WebGPU is made for on this system. */
export function adapterBackend(): string {
  return backend ??= chooseBackend();
}

function chooseBackend(): string {
  if (!isGranted({ name: "env", variable: BACKEND_VARIABLE })) return "unknown";
  const wanted = BACKENDS[Deno.build.os] ?? "vulkan";
  const named = environmentVariable(BACKEND_VARIABLE);
  if (named === undefined) Deno.env.set(BACKEND_VARIABLE, wanted);
  quietDriver();
  return (named ?? wanted).replaceAll(",", " or ");
}

/**
 * Mesa's Vulkan driver writes up to four lines that begin with "error:" where this variable is not set, as in containers and
 * under schedulers. It is for windows, of which none is opened here.
 */
function quietDriver(): void {
  const variable = "XDG_RUNTIME_DIR";
  if (Deno.build.os !== "linux") return;
  if (!isGranted({ name: "env", variable })) return;
  if (environmentVariable(variable) === undefined) Deno.env.set(variable, "/tmp");
}

/** The first adapter of a kind, or null. Prefers hardware for `any`. */
export async function findAdapter(kind: AdapterKind): Promise<GPUAdapter | null> {
  if (!("gpu" in navigator)) return null;
  adapterBackend();
  if (kind !== "software") {
    const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
    if (adapter !== null && (kind === "any" || !adapter.info.isFallbackAdapter)) return adapter;
  }
  if (kind === "hardware") return null;
  const adapter = await navigator.gpu.requestAdapter({ forceFallbackAdapter: true });
  return adapter?.info.isFallbackAdapter ? adapter : null;
}

/** The error for a missing adapter: what is there instead, and what to install or try. */
export async function missingAdapter(kind: AdapterKind): Promise<UserError> {
  if (!("gpu" in navigator)) {
    return new UserError(
      IN_BROWSER
        ? "Cannot open a WebGPU device: this browser has no WebGPU, or allows it only to pages of https and localhost"
        : "Cannot open a WebGPU device: this runtime has no WebGPU, use Deno 2.9 or later " +
          "or run with the cpu device",
    );
  }
  const other = kind === "any" ? null : await findAdapter("any");
  if (other === null && IN_BROWSER) {
    return new UserError(
      "Cannot open a WebGPU device: the browser found no graphics adapter that it may use, so look whether its settings allow graphics acceleration",
    );
  }
  if (other === null) {
    return new UserError(
      `Cannot open a WebGPU device: no adapter of ${adapterBackend()} was found, so libvulkan or the driver is missing (OpenGL is taken only where ${BACKEND_VARIABLE}=gl asks for it); ${INSTALL}`,
    );
  }
  const name = describeAdapter(other);
  return new UserError(
    kind === "hardware"
      ? `Cannot open a hardware WebGPU device: the only adapter is the software adapter ${name}; ` +
        "ask for it by name, install the GPU's Vulkan driver, or run with the cpu device"
      : `Cannot open a software WebGPU device: the only adapter is ${name}; ask for hardware, ${INSTALL}`,
  );
}

/** A name to show for an adapter. */
export function describeAdapter(adapter: GPUAdapter): string {
  const { architecture, description, device, vendor } = adapter.info;
  // Browsers tell little: of a GPU its maker and its family.
  const name = [vendor, device || architecture].filter(Boolean).join(" ");
  return description || name || "unnamed adapter";
}
