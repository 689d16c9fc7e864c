/**
 * Writes `registered.json`, once: the SHA-256 of the formulas that predict published throughputs program by program, before any
 * was predicted so, and what was known then. It predicts nothing.
 *
 *     deno run --allow-read --allow-write sim/published/register.ts
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { writeFileWhole } from "../../core/files.ts";
import { sha256Of } from "../paper/registration.ts";

/** What the predictions rest on, relative to the project. */
const FORMULA_FILES = [
  ...["context", "engine", "graph", "lane", "ops", "program"].map((name) => `sim/${name}.ts`),
  "sim/published/measurements.ts",
  ...["dlrm_steps", "gpu_only"].map((name) => `sim/systems/${name}.ts`),
  ...["a100-80x8", "a100x8", "t4", "v100x8", "v100x16"].map((name) => `sim/machines/${name}.json`),
];

const KNOWN = [
  "The published figures of every measurement in sim/published/measurements.ts, and the errors of the first registration, which took every program for eager PyTorch: 30.2 % and 141 % over the 16 that were blind then (TensorFlow 2 12.8 % and 41 %, TorchRec 100 % and 141 %), 53.0 % and 214 % over the five that were known",
  "That with one GPU TensorFlow 2 was too slow at FP32 on V100 and right at 16 bits, and that with eight and sixteen it was too quick, by some 3 to 5 ms an iteration, whatever the precision; this is why its exchanges were looked into. Their numbers come from its source code, Horovod's release notes and a paper on tensor cores, none from the measurements",
  "That TorchRec's iterations take 7.2 to 12.2 ms; the 7.6 ms of its launching thread are from another measurement, of another model, on another GPU",
  "No measurement had been predicted with these programs",
];

if (import.meta.main) {
  const path = new URL("./registered.json", import.meta.url);
  if (await Deno.stat(path).then(() => true, () => false)) {
    throw new UserError(
      "Cannot register: sim/published/registered.json is there, and registered means registered",
    );
  }
  const formulas = await Promise.all(
    FORMULA_FILES.map(async (file) => [file, await sha256Of(file)] as const),
  );
  const document = {
    schema: "slipstream.published-registration",
    schema_version: 1,
    registered_on: new Date().toISOString().slice(0, 10),
    known: KNOWN,
    formulas: Object.fromEntries(formulas),
  };
  await writeFileWhole(path.pathname, `${JSON.stringify(document, null, 1)}\n`);
}
