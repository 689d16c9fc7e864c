/**
 * Writes `registered.json`, once: calibrates the scalars, for the table and for each draw, and hashes what they rest on. It
 * computes no ratio of Slipstream.
 *
 *     deno run --allow-read --allow-write sim/paper/register.ts
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { writeFileWhole } from "../../core/files.ts";
import { print } from "../../core/streams.ts";
import { loadMachine, machineOf } from "../machine.ts";
import { PARAMETERS, START_PARAMETERS } from "../parameters.ts";
import { drawMachine, drawnValue, drawPriors } from "../uncertainty.ts";
import { calibrate, CALIBRATION_WORKLOADS, TARGETS } from "./calibrate.ts";
import {
  FORMULA_FILES,
  type HeldOut,
  type Protocol,
  REGISTERED_FILES,
  type Registration,
  sha256Of,
} from "./registration.ts";
import { loadPaperWorkloads } from "./workloads.ts";

const KNOWN = [
  "The published ratios, both former registrations with their ratios (the second's: 1.722, 2.537, 1.141, 1.252) and errors (7.7 % and 7.8 %), and the null models' errors",
  "That only the counted traces differ from the second registration's: they are of the second version of the twins, which a user can count again, in place of the first; machine, parameters, targets and formulas give what they gave then",
  "Hot shares of the new traces of rm2, rm3 and rm4, 63.7, 83.9 and 67.1 % (63.5, 83.9 and 66.4 % before), and that rm1's trace, which was counted over all its inputs when its twin was the second version already, stays as it was",
  "That the ratios of Slipstream turn on these shares and on the share skipped, so that they had to come out near the second's",
  "No ratio of Slipstream had been computed with these traces",
];

const PROTOCOL: Protocol = {
  gpus: 4,
  batch_per_gpu: 1024,
  drop_share: 0.3,
  drop_share_low: 0.22,
  drop_share_high: 0.38,
  mean: "arithmetic mean of the ratios of rm1, rm2, rm3 and rm4",
  calibration_workloads: CALIBRATION_WORKLOADS,
  held_out_workloads: ["rm4"],
  hotline_reading: "B",
  draws: 200,
  seed: 1,
  bar_each: 0.15,
  bar_mean: 0.1,
};

function held(
  faster: string,
  slower: string,
  published: number,
  low: number,
  high: number,
): HeldOut {
  return { name: `${faster} / ${slower}`, slower, faster, published, low, high };
}

/** Computes what is registered. */
export async function register(registeredOn: string): Promise<Registration> {
  const document = await loadMachine("v100x4");
  const workloads = await loadPaperWorkloads();
  const common = { workloads, gpus: PROTOCOL.gpus, batchPerGpu: PROTOCOL.batch_per_gpu };
  const { parameters, reached } = calibrate({ ...common, machine: machineOf(document) });
  const draws = Array.from({ length: PROTOCOL.draws }, (_, draw) => {
    const drawn = calibrate({
      ...common,
      machine: drawMachine(document, draw),
      start: drawPriors(START_PARAMETERS, draw),
      targets: TARGETS.map((target) => ({
        ...target,
        ratio: drawnValue(`target ${target.parameter}`, target, draw),
      })),
    });
    return drawn.reached.map(({ value }) => Number(value.toPrecision(9)));
  });
  const hashes = async (files: readonly string[], folder: string) =>
    Object.fromEntries(
      await Promise.all(files.map(async (file) => [file, await sha256Of(folder + file)])),
    );
  return {
    schema: "slipstream.registration",
    schema_version: 2,
    registered_on: registeredOn,
    known: KNOWN,
    start: START_PARAMETERS,
    calibrated: parameters,
    calibration: TARGETS.map(({ parameter, slower, faster, ratio, low, high, source }, i) => ({
      parameter,
      low: PARAMETERS[parameter].low,
      high: PARAMETERS[parameter].high,
      slower,
      faster,
      target: ratio,
      target_low: low,
      target_high: high,
      reached: reached[i]!.ratio,
      at_end: reached[i]!.atEnd,
      source,
    })),
    draws,
    machine: "v100x4",
    protocol: PROTOCOL,
    held_out: [
      held("slipstream", "xdl", 2.0, 1.95, 2.05),
      held("slipstream", "pytorch-hybrid", 2.4, 2.35, 2.45),
      held("slipstream", "fae", 1.2, 1.17, 1.25),
      held("slipstream-hotline", "hotline", 1.175, 1.15, 1.22),
    ],
    readings: [
      held("slipstream", "intel-dlrm", 2.4, 2.35, 2.45),
      held("slipstream-fae-intel", "intel-dlrm", 2.4, 2.35, 2.45),
      held("slipstream", "hotline", 1.175, 1.15, 1.22),
    ],
    files: await hashes(REGISTERED_FILES, "sim/"),
    formulas: await hashes(FORMULA_FILES, ""),
  };
}

if (import.meta.main) {
  const path = new URL("./registered.json", import.meta.url);
  if (await Deno.stat(path).then(() => true, () => false)) {
    throw new UserError(
      "Cannot register: sim/paper/registered.json is there, and registered means registered",
    );
  }
  const registration = await register(new Date().toISOString().slice(0, 10));
  await writeFileWhole(path.pathname, `${JSON.stringify(registration, null, 1)}\n`);
  print(await sha256Of("sim/paper/registered.json"));
}
