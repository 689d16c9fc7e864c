/**
 * DLRM (Naumov et al., 2019) in terms of ops: bottom MLP over the dense features, one embedding vector a table,
 * dot interaction, top MLP, binary cross-entropy.
 *
 * @module
 */

import type { Device } from "../../kernels/types.ts";
import { checkTower, type TowerShape } from "./tower.ts";
import { type ModelOptions, TowerModel } from "./tower_model.ts";

/** Shape of a DLRM: a tower whose top MLP ends in 1, the logit. */
export type DlrmShape = TowerShape;

/**
 * A DLRM on a device: a tower whose output is the logit.
 *
 * @category Models
 */
export class Dlrm extends TowerModel<DlrmShape> {
  /** Allocates everything, zero-filled; call `initialise` or load weights before training. */
  constructor(device: Device, shape: DlrmShape, options: ModelOptions) {
    checkTower("DLRM", shape, 1);
    super(device, shape, options, {
      name: "dlrm",
      prefix: "",
      steps: 1,
      output: { value: "logits", gradient: "logit gradients" },
      lastRelu: false,
      headFloats: 0,
      head: ({ tower }) => ({
        logits: tower.output,
        dlogits: tower.outputGradient,
        forward: () => {},
        backward: () => {},
      }),
    });
  }
}
