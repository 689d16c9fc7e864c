/**
 * What every device must do, as test cases: each op against its float64 reference, order, tables, accounting,
 * misuse and repeatability.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Device } from "../../kernels/types.ts";
import { denseCases } from "./conformance/dense.ts";
import { denseStepCases } from "./conformance/dense_step.ts";
import { deviceCases } from "./conformance/device.ts";
import { embeddingCases } from "./conformance/embedding.ts";
import type { ConformanceCase } from "./conformance/harness.ts";
import { interactionCases } from "./conformance/interaction.ts";
import { linearCases } from "./conformance/linear.ts";
import { misuseCases } from "./conformance/misuse.ts";
import { normaliseCases } from "./conformance/normalise.ts";
import { sequenceCases } from "./conformance/sequence.ts";
import { sharingCases } from "./conformance/sharing.ts";
import { sigmoidCases } from "./conformance/sigmoid.ts";
import { stalenessCases } from "./conformance/staleness.ts";
import { standardiseCases } from "./conformance/standardise.ts";
import { trainingCases } from "./conformance/training.ts";
import { varianceNormCases } from "./conformance/variance_norm.ts";
import { type Accuracy, WGSL_ACCURACY } from "./error_model.ts";

/** All cases, in the order they run. */
export const CONFORMANCE_CASES: readonly ConformanceCase[] = [
  ...deviceCases,
  ...linearCases,
  ...interactionCases,
  ...embeddingCases,
  ...normaliseCases,
  ...sequenceCases,
  ...sigmoidCases,
  ...standardiseCases,
  ...varianceNormCases,
  ...stalenessCases,
  ...denseCases,
  ...denseStepCases,
  ...trainingCases,
  ...misuseCases,
  ...sharingCases,
];

/** How a suite runs. */
export interface ConformanceOptions {
  /** What the device promises of division, root, exp and log; by default what WGSL demands. */
  readonly accuracy?: Accuracy;
  /** Skips every case, for example where there is no adapter. */
  readonly ignore?: boolean;
  /** Names of the cases to run; all by default. */
  readonly cases?: RegExp;
}

/**
 * Registers every case as a test. The cases share one device, opened by the first of them.
 *
 * @param name Goes before each test's name.
 * @param open Opens a device of the kind under test; some cases open a second one.
 */
export function runConformance(
  name: string,
  open: () => Promise<Device>,
  options: ConformanceOptions = {},
): void {
  let shared: Promise<Device> | undefined;
  const accuracy = options.accuracy ?? WGSL_ACCURACY;
  const { cases = /^/ } = options;
  for (const conformanceCase of CONFORMANCE_CASES.filter(({ name }) => cases.test(name))) {
    Deno.test({
      name: `${name} ${conformanceCase.name}`,
      ignore: options.ignore ?? false,
      // The device and its threads outlive the test that opens them.
      sanitizeOps: false,
      sanitizeResources: false,
      async fn() {
        const device = await (shared ??= open());
        const before = device.counters.bytesAllocated;
        await conformanceCase.run({ device, open, accuracy });
        await device.sync();
        assert.equal(device.counters.bytesAllocated, before, "bytes are left after disposal");
      },
    });
  }
  Deno.test.afterAll(async () => {
    (await shared)?.dispose();
  });
}
