/**
 * Where embedding rows live while a model trains, and the devices that this takes.
 *
 * @module
 */

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
 * Where the device is the CPU device too, all of them run, and the link is a copy in memory.
 */
export type Placement = typeof PLACEMENTS[number];

/** The devices of a placement. */
export interface PlacedDevices {
  /** For MLPs, and for rows that are not in host memory. */
  readonly device: Device;
  /** For rows in host memory; null where none are. May be `device` itself. */
  readonly host: Device | null;
  /** Why it is this device, for people. */
  readonly reason: string;
  /** Disposes both. */
  dispose(): void;
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
    return { device, host: null, reason: "--placement host", dispose: () => device.dispose() };
  }
  const { device, reason } = await openDevice(options);
  if (placement === "device" || placement === "host") {
    return { device, host: null, reason, dispose: () => device.dispose() };
  }
  if (device.info.kind === "cpu") {
    return { device, host: device, reason, dispose: () => device.dispose() };
  }
  try {
    const { device: host } = await openDevice({ ...options, device: "cpu" });
    const dispose = (): void => {
      device.dispose();
      host.dispose();
    };
    return { device, host, reason, dispose };
  } catch (error) {
    device.dispose();
    throw error;
  }
}
