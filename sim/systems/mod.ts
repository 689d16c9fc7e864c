/**
 * All systems by name.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import { nearest } from "../../core/nearest.ts";
import type { System } from "../system.ts";
import { fae, faeArtifact } from "./fae.ts";
import { gpuOnly } from "./gpu_only.ts";
import { hotline, hotlineMinibatches } from "./hotline.ts";
import { runtime } from "./runtime.ts";
import { intelDlrm, intelDlrmArtifact } from "./intel_dlrm.ts";
import { skipping } from "./slipstream.ts";
import { xdl } from "./xdl.ts";

/** The systems that are compared on any machine, in the order of tables. */
export const SYSTEMS: readonly System[] = [
  xdl,
  intelDlrm,
  intelDlrmArtifact,
  fae,
  faeArtifact,
  hotline,
  gpuOnly,
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
];

/** All that can be simulated: those, on any machine, and this project's own runtime on one that was calibrated. */
export const ALL_SYSTEMS: readonly System[] = [...SYSTEMS, runtime];

/** The names of all systems. */
export const SYSTEM_NAMES: readonly string[] = ALL_SYSTEMS.map(({ name }) => name);

/**
 * A system by name. Throws a `UserError` that names the nearest one.
 *
 * @category Simulator: systems of your own
 */
export function findSystem(name: string): System {
  // The long name of the default says what it is over.
  const wanted = name === "slipstream-fae" ? "slipstream" : name;
  const system = ALL_SYSTEMS.find((candidate) => candidate.name === wanted);
  if (system !== undefined) return system;
  const near = nearest(name, SYSTEM_NAMES);
  throw new UsageError(
    `Cannot simulate system ${name}: ${
      near === null ? `the systems are ${SYSTEM_NAMES.join(", ")}` : `did you mean ${near}?`
    }`,
  );
}
