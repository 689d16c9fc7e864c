/**
 * Writes `frozen.json`, once: calibrates the three scalars and hashes what they rest on. It computes no ratio of Slipstream.
 *
 *     deno run --allow-read --allow-write sim/paper/freeze.ts
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { writeFileWhole } from "../../core/files.ts";
import { loadMachine, machineOf } from "../machine.ts";
import { PARAMETERS, START_PARAMETERS } from "../parameters.ts";
import { calibrate, CALIBRATION_WORKLOADS, TARGETS } from "./calibrate.ts";
import { type Frozen, FROZEN_FILES, sha256Of } from "./frozen.ts";
import { loadPaperWorkloads } from "./workloads.ts";

/** Computes what is frozen. */
export async function freeze(frozenOn: string): Promise<Frozen> {
  const machine = machineOf(await loadMachine("v100x4"));
  const workloads = await loadPaperWorkloads();
  const protocol = {
    gpus: 4,
    batch_per_gpu: 1024,
    drop_share: 0.3,
    drop_share_low: 0.22,
    drop_share_high: 0.38,
    mean: "arithmetic mean of the ratios of rm1, rm2, rm3 and rm4",
    calibration_workloads: CALIBRATION_WORKLOADS,
    held_out_workloads: ["rm4"],
    hotline_reading: "B",
    draws: 500,
    seed: 1,
    bar_each: 0.15,
    bar_mean: 0.1,
  } as const;
  const { parameters, reached } = calibrate({
    machine,
    workloads,
    gpus: protocol.gpus,
    batchPerGpu: protocol.batch_per_gpu,
  });
  const held = (slower: string, faster: string, published: number, low: number, high: number) => ({
    name: `${faster} / ${slower}`,
    slower,
    faster,
    published,
    low,
    high,
  });
  return {
    schema: "slipstream.frozen",
    schema_version: 1,
    frozen_on: frozenOn,
    start: START_PARAMETERS,
    calibrated: parameters,
    calibration: TARGETS.map(({ parameter, slower, faster, ratio: target, source }, i) => ({
      parameter,
      low: PARAMETERS[parameter].low,
      high: PARAMETERS[parameter].high,
      slower,
      faster,
      target,
      reached: reached[i]!.ratio,
      at_end: reached[i]!.atEnd,
      source,
    })),
    machine: "v100x4",
    protocol,
    held_out: [
      held("xdl", "slipstream", 2.0, 1.95, 2.05),
      held("intel-dlrm", "slipstream", 2.4, 2.35, 2.45),
      held("fae", "slipstream", 1.2, 1.17, 1.25),
      held("hotline", "slipstream-hotline", 1.175, 1.15, 1.22),
    ],
    files: Object.fromEntries(
      await Promise.all(FROZEN_FILES.map(async (file) => [file, await sha256Of(file)])),
    ),
  };
}

if (import.meta.main) {
  const path = new URL("./frozen.json", import.meta.url);
  if (await Deno.stat(path).then(() => true, () => false)) {
    throw new UserError("Cannot freeze: sim/paper/frozen.json is there, and frozen means frozen");
  }
  const frozen = await freeze(new Date().toISOString().slice(0, 10));
  await writeFileWhole(path.pathname, `${JSON.stringify(frozen, null, 2)}\n`);
  console.log(await sha256Of("paper/frozen.json"));
}
