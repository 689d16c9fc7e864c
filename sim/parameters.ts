/**
 * What systems cost in software beyond a machine's rates: scalars that all workloads share.
 *
 * @module
 */

import type { Quantity } from "./machine.ts";

/** One scalar with its range. */
export interface Parameter extends Quantity {
  readonly low: number;
  readonly high: number;
  /** `fixed`: set from sources; `prior`: a range, not fitted; `calibrated`: one of the three that published ratios may set. */
  readonly status: "fixed" | "prior" | "calibrated";
}

/**
 * The parameters before any calibration: start values and ranges of the parameter table. Values whose source says "none"
 * are guesses, and their ranges are what is known.
 */
export const PARAMETERS = {
  intel_lookup_ns: {
    value: 60,
    low: 30,
    high: 930,
    kind: "measured",
    status: "calibrated",
    source:
      "cost of one CPU lookup of 64 floats, whole iteration, 28-core Cascade Lake socket: 57 ns patched (pytorch#36038), 39 with all patches (pytorch#23057), 930 unpatched (pytorch#36038)",
  },
  xdl_scale: {
    value: 1,
    low: 0.2,
    high: 4,
    kind: "recalled",
    status: "calibrated",
    source: "one effective number: multiplies xdl_lookup_ns and xdl_step_us; no source",
  },
  hotline_second_share: {
    value: 0.5,
    low: 0,
    high: 1,
    kind: "recalled",
    status: "calibrated",
    source:
      "share of the host overhead that Hotline's second part of a minibatch pays again; no source, 0 if graphs are fused, 1 if not",
  },
  xdl_lookup_ns: {
    value: 300,
    low: 300,
    high: 300,
    kind: "recalled",
    status: "fixed",
    source: "de-duplication, pull and push of one lookup through the parameter server; no source",
  },
  xdl_step_us: {
    value: 5000,
    low: 5000,
    high: 5000,
    kind: "recalled",
    status: "fixed",
    source: "TensorFlow's and XDL's own time a step; no source",
  },
  xdl_copies: {
    value: 2.5,
    low: 2,
    high: 3,
    kind: "recalled",
    status: "prior",
    source: "copies in memory of what is pulled and pushed (serialisation, loopback)",
  },
  hotline_gather_share: {
    value: 0.8,
    low: 0.6,
    high: 0.95,
    kind: "recalled",
    status: "prior",
    source: "share of the random-row bandwidth that Hotline's accelerator reaches; no source",
  },
  switches_per_epoch: {
    value: 2,
    low: 2,
    high: 100,
    kind: "measured",
    status: "fixed",
    source:
      "hot rows copied to the GPUs and back once an epoch (Slipstream slipstream.py); FAE's paper interleaves, 10 to 100",
  },
  classify_lookup_us: {
    value: 0.15,
    low: 0.05,
    high: 0.3,
    kind: "computed",
    status: "fixed",
    source: "one lookup classified in Python by one core (artifact mode)",
  },
  sync_row_us: {
    value: 35,
    low: 20,
    high: 50,
    kind: "computed",
    status: "fixed",
    source:
      "one hot row copied alone in Python (artifact mode): 20 to 30 us for the copy and 10 for the row",
  },
} as const satisfies Readonly<Record<string, Parameter>>;

/** The name of a parameter. */
export type ParameterName = keyof typeof PARAMETERS;

/** Values of all parameters. */
export type Parameters = Readonly<Record<ParameterName, number>>;

/** The names, in order. */
export const PARAMETER_NAMES = Object.keys(PARAMETERS) as readonly ParameterName[];

/** Start values of all parameters. */
export const START_PARAMETERS: Parameters = Object.fromEntries(
  PARAMETER_NAMES.map((name) => [name, PARAMETERS[name].value]),
) as Parameters;
