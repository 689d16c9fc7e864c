/**
 * Devices as results name them.
 *
 * @module
 */

import type { DeviceInfo } from "../kernels/types.ts";
import type { DeviceNote } from "./experiment.ts";

/**
 * Names a device with its threads or with what is known of its adapter: vendor, architecture, device and backend, where they
 * say more than the name. WebGPU has no member for the driver; drivers that name themselves do so in the description, which
 * the name is taken from.
 */
export function deviceNote(
  { kind, name, details, threads, isFallbackAdapter }: DeviceInfo,
): DeviceNote {
  const more = kind === "cpu"
    ? [`${threads} ${threads === 1 ? "thread" : "threads"}`]
    : ["vendor", "architecture", "device", "backend"].flatMap((key) => {
      const value = String(details[key] ?? "").replace("unknown", "");
      // A vendor's number says nothing to people, and a name stands beside it.
      return /^\d*$/.test(value) || name.toLowerCase().includes(value.toLowerCase())
        ? []
        : [`${key} ${value}`];
    });
  return {
    kind,
    name: more.length === 0 ? name : `${name} (${more.join(", ")})`,
    isFallbackAdapter,
  };
}
