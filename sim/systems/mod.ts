/**
 * All systems by name.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import { nearest } from "../../core/nearest.ts";
import type { System } from "../system.ts";
import { cpuDlrm } from "./cpu_dlrm.ts";
import { fae, faeArtifact, faeIntel, freeze } from "./fae.ts";
import { faeGpuOnly, gpuCached, gpuOnly, gpuOnlyTf2 } from "./gpu_only.ts";
import { hotline, hotlineMinibatches } from "./hotline.ts";
import { hybridArtifact, intelDlrm, pytorchHybrid } from "./hybrid.ts";
import { runtime } from "./runtime.ts";
import { skipping } from "./slipstream.ts";
import { xdl } from "./xdl.ts";

/** Names of the systems that are compared unless others are chosen. */
export const USUAL_SYSTEMS: readonly string[] = [
  "pytorch-hybrid",
  "intel-dlrm",
  "fae",
  "hotline",
  "slipstream",
  "gpu-only",
  "slipstream-gpu-only",
];

/** The systems that are compared on any machine, in the order of tables. */
export const SYSTEMS: readonly System[] = [
  cpuDlrm,
  xdl,
  pytorchHybrid,
  hybridArtifact,
  intelDlrm,
  fae,
  faeIntel,
  faeArtifact,
  hotline,
  gpuOnly,
  gpuOnlyTf2,
  gpuCached,
  faeGpuOnly,
  skipping({
    name: "slipstream",
    summary: "Slipstream over FAE, paper mode",
    over: fae,
    onGpu: true,
  }),
  skipping({
    name: "slipstream-artifact",
    summary: "Slipstream over FAE, artifact mode",
    over: faeArtifact,
    onGpu: true,
    artifact: true,
  }),
  skipping({
    name: "slipstream-fae-intel",
    summary: "Slipstream over FAE with its cold minibatches as intel-dlrm trains them",
    over: faeIntel,
    onGpu: true,
  }),
  skipping({
    name: "slipstream-intel-dlrm",
    summary: "Slipstream over Intel-optimised DLRM: rows stay in host memory, fewer minibatches",
    over: intelDlrm,
    onGpu: false,
  }),
  skipping({
    name: "slipstream-hotline",
    summary: "Slipstream over Hotline: popular inputs with stale rows are left out",
    over: hotline,
    minibatches: (workload) => hotlineMinibatches(workload.kept, workload, true),
    onGpu: true,
  }),
  skipping({
    name: "slipstream-gpu-only",
    summary: "Slipstream over gpu-only: sharded tables, hot inputs with stale rows left out",
    over: gpuOnly,
    onGpu: true,
  }),
  skipping({
    name: "slipstream-fae-gpu-only",
    summary: "Slipstream over fae-gpu-only",
    over: faeGpuOnly,
    onGpu: true,
  }),
];

/**
 * All that can be simulated: those, with any trace that tells hot inputs and on any machine; `freeze`, which needs a trace
 * with frozen rows; and this project's own runtime on a machine that was calibrated.
 */
export const ALL_SYSTEMS: readonly System[] = [...SYSTEMS, freeze, runtime];

/** Names by which systems were known, or are called by what they are over. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  "slipstream-fae": "slipstream",
  "intel-dlrm-artifact": "pytorch-hybrid-artifact",
};

/** The names of all systems. */
export const SYSTEM_NAMES: readonly string[] = ALL_SYSTEMS.map(({ name }) => name);

/**
 * A system by name. Throws a `UserError` that names the nearest one.
 *
 * @category Simulator: systems of your own
 */
export function findSystem(name: string): System {
  const wanted = OTHER_NAMES[name] ?? name;
  const system = ALL_SYSTEMS.find((candidate) => candidate.name === wanted);
  if (system !== undefined) return system;
  const near = nearest(name, SYSTEM_NAMES);
  throw new UsageError(
    `Cannot simulate system ${name}: ${
      near === null ? `the systems are ${SYSTEM_NAMES.join(", ")}` : `did you mean ${near}?`
    }`,
  );
}
