/**
 * What one training step asks of its devices, without training: the model's own code runs on devices that only record it.
 *
 * @module
 */

import { LedgerDevice, type LedgerEntry } from "../../kernels/ledger.ts";
import type { DeviceKind, Optimizer } from "../../kernels/types.ts";
import type { Model } from "./model.ts";
import { createModel, isTbsm, type ModelShape } from "./models.ts";
import type { MinibatchPlace } from "../trace/schema.ts";
import type { Normalisation } from "./tower.ts";

/** Whose steps are to be known. */
export interface StepLedgerOptions {
  readonly shape: ModelShape;
  readonly optimizer: Optimizer["kind"];
  /** Inputs of the largest minibatch. */
  readonly maxBatch: number;
  /** What holds the MLPs. `cpu` is the host itself. */
  readonly device: DeviceKind;
  /** Rows of the hot copy by table; null where there is none. */
  readonly hotRows?: readonly number[] | null;
  readonly normalisation?: Normalisation;
}

/** Counts of a minibatch, as a trace has them. */
export interface StepCounts {
  readonly inputs: number;
  readonly lookups: number;
  readonly unique: number;
}

/** What a step asks of the two devices; of `host` nothing where the device is the CPU device itself. */
export interface StepEntries {
  /** Of what holds the MLPs. */
  readonly device: readonly LedgerEntry[];
  /** Of the host's device, where that is another one. */
  readonly host: readonly LedgerEntry[];
  /** Floats that are rearranged on the host before they are written, since the device pads a matrix's rows. */
  readonly packed: number;
}

/** Runs training steps of a model on devices that only record what they are asked to do. */
export class StepLedger {
  readonly #options: StepLedgerOptions;
  readonly #models = new Map<string, { model: Model; device: LedgerDevice; host: LedgerDevice }>();

  constructor(options: StepLedgerOptions) {
    this.#options = options;
  }

  /** What a minibatch asks for whose rows lie in a place; `hot`: on the device, in the copy of hot rows. */
  step(place: MinibatchPlace, hot: boolean, counts: StepCounts): StepEntries {
    const { shape } = this.#options;
    const { model, device, host } = this.#model(place, hot);
    const steps = isTbsm(shape) ? shape.steps : 1;
    const { inputs, lookups, unique } = counts;
    const bags = inputs * steps, columns = shape.bottom[0]!;
    const route = hot ? "hot" : "full";
    const list = new Uint32Array(lookups);
    model.upload({
      size: inputs,
      dense: new Float32Array(bags * columns),
      labels: new Float32Array(inputs),
      lookups: {
        bags,
        tables: shape.tableRows.length,
        lookups,
        rows: list,
        offsets: lookups === bags * shape.tableRows.length
          ? null
          : new Uint32Array(bags * shape.tableRows.length + 1),
        unique,
        uniqueRows: list.subarray(0, unique),
        segments: new Uint32Array(unique + 1),
        positions: list,
      },
    }, route);
    model.setStep(0, 0);
    const around = model.hostStep(inputs, route);
    // As `HostRows`: vectors go from the host to the device, their gradients come back.
    const link = (from: LedgerDevice, to: LedgerDevice): void => {
      const { bytes } = around!;
      if (from === to) return from.note({ kind: "copy", bytes });
      from.note({ kind: "read", bytes });
      to.note({ kind: "write", bytes });
    };
    if (around !== null) {
      host.run(around.gather);
      link(host, device);
    }
    device.run(model.trainProgram(inputs, route));
    if (around !== null) {
      link(device, host);
      host.run(around.update);
    }
    const padded = columns > 1 && columns % 4 !== 0;
    return {
      device: device.take(),
      host: host === device ? [] : host.take(),
      packed: padded ? bags * columns : 0,
    };
  }

  #model(
    place: MinibatchPlace,
    hot: boolean,
  ): { model: Model; device: LedgerDevice; host: LedgerDevice } {
    const { shape, optimizer, maxBatch, hotRows = null, normalisation } = this.#options;
    const onHost = place === "hybrid" || hot;
    const key = `${place} ${hot}`;
    let known = this.#models.get(key);
    if (known === undefined) {
      // Where everything is on the host, the CPU device does all of it.
      const device = new LedgerDevice(place === "host" ? "cpu" : this.#options.device);
      const host = device.info.kind === "cpu" ? device : new LedgerDevice("cpu");
      if (hot && hotRows === null) {
        throw new RangeError("Cannot take the route of hot rows: there are none");
      }
      const model = createModel(device, shape, {
        optimizer: optimizer === "sgd" ? { kind: "sgd" } : { kind: optimizer, eps: 1e-10 },
        maxBatch,
        host: onHost ? host : null,
        hotRows: hot
          ? hotRows!.map((rows) => Uint32Array.from({ length: rows }, (_, row) => row))
          : null,
        ...(normalisation === undefined ? {} : { normalisation }),
      });
      device.take();
      host.take();
      this.#models.set(key, known = { model, device, host });
    }
    return known;
  }
}
