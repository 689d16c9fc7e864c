/**
 * Where embedding rows live while a model trains, and the devices that this takes.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import { openDevice, type OpenDeviceOptions } from "../../kernels/open.ts";
import type { Device } from "../../kernels/types.ts";

/** Names of the placements. */
export const PLACEMENTS = ["device", "host", "hybrid", "hot"] as const;

/**
 * Where embedding rows live:
 *
 * - `device`: everything on one device.
 * - `host`: everything on the CPU device.
 * - `hybrid`: rows in host memory, where the CPU device gathers and updates them; MLPs on the device. The structure of
 *   the Intel-optimised DLRM.
 * - `hot`: as `hybrid`, and a second copy of the hot rows on the device, where minibatches of hot inputs are trained
 *   without the host. FAE and Slipstream.
 *
 * If the device is the CPU device too, all placements still run, and the link is a copy in memory.
 */
export type Placement = typeof PLACEMENTS[number];

/** Devices that are open. */
export interface OpenDevices {
  /** For MLPs, and for rows that are not in host memory. */
  readonly device: Device;
  /** For rows in host memory; null if there are none. May be the same as `device`. */
  readonly host: Device | null;
}

/** The devices of a placement. */
export interface PlacedDevices extends OpenDevices, Disposable {
  /** Why this device was chosen, for messages. */
  readonly reason: string;
  /** Disposes both. */
  dispose(): void;
}

/** The device of host memory under a placement; null where no rows are there. */
export function hostOf(placement: Placement, { host }: OpenDevices): Device | null {
  return placement === "hybrid" || placement === "hot" ? host : null;
}

/**
 * Opens the devices of a placement.
 *
 * @throws {UserError} As `openDevice`.
 * @category Models
 */
export async function openPlaced(
  placement: Placement,
  options: OpenDeviceOptions,
): Promise<PlacedDevices> {
  if (placement === "host" && options.device !== "cpu") {
    const { device } = await openDevice({ ...options, device: "cpu" });
    return placed(device, null, "rows and MLPs are placed on the host");
  }
  const { device, reason } = await openDevice(options);
  if (placement === "device" || placement === "host") return placed(device, null, reason);
  if (device.info.kind === "cpu") return placed(device, device, reason);
  try {
    const { device: host } = await openDevice({ ...options, device: "cpu" });
    return placed(device, host, reason);
  } catch (error) {
    device.dispose();
    throw error;
  }
}

function placed(device: Device, host: Device | null, reason: string): PlacedDevices {
  const dispose = (): void => {
    device.dispose();
    if (host !== device) host?.dispose();
  };
  return { device, host, reason, dispose, [Symbol.dispose]: dispose };
}

/**
 * Uses devices that are already open, and leaves them open when the run ends.
 *
 * @throws {UsageError} They are not those that the placement needs.
 */
export function placeOn(open: OpenDevices, placement: Placement): PlacedDevices {
  const { device } = open;
  const host = hostOf(placement, { device, host: open.host ?? (isCpu(device) ? device : null) });
  const missing = placement === "host" ? !isCpu(device) : placement !== "device" && host === null;
  if (missing) {
    throw new UsageError((option) =>
      `Cannot use ${
        option("device.placement")
      } ${placement}: it keeps rows in host memory, and no CPU device is among those of ${
        option("device.open")
      }`
    );
  }
  return { device, host, reason: "open already", dispose: () => {}, [Symbol.dispose]: () => {} };
}

function isCpu(device: Device): boolean {
  return device.info.kind === "cpu";
}
