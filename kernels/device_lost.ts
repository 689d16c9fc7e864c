/**
 * The loss of a device in the middle of work.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";

/**
 * A device that is gone, with all that was in its memory: its driver crashed or was reset, or the GPU was taken away.
 *
 * @category Errors
 */
export class DeviceLostError extends UserError {
  /**
   * Made by a device when it notices that it is lost.
   *
   * @param reason What the driver says of it.
   */
  constructor(reason: string) {
    super(`Cannot go on with WebGPU: the device is lost (${reason})`);
    this.name = "DeviceLostError";
  }
}
