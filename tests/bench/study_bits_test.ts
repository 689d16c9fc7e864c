import assert from "node:assert/strict";
import { STUDY_BITS_VERSION } from "../../bench/study/store.ts";
import { trainedResults } from "../../bench/study/trained.ts";
import type { PresetName } from "../../train/model/presets.ts";
import { Sha256 } from "../../core/files.ts";
import { fusesMultiplyAdd } from "../../kernels/cpu/fused.ts";
import { inFolder } from "../data/rows.ts";
import { settingsIn } from "./made_up.ts";

/** A TBSM and a DLRM with all lookups of one table each. */
const WORKLOADS: readonly PresetName[] = ["rm1", "rm4"];
const VARIANTS = [
  "baseline",
  "fae",
  "slipstream",
  "random-drop",
  "slipstream,schedule=interleaved",
];

/**
 * What the runs below come to, by whether multiply-adds are fused. Of the other kind than this processor's it is had with
 * `deno test --v8-flags=--no-enable-fma3`.
 */
const HASHES = {
  fused: "b5a159677f528d9e561d050a1bd521c7f1cf67d438e5de64a0c21ca80ba24562",
  apart: "be56891e78900ee0b008ac49581eb3a236f084725c31b9d15b1ceb7f6a95a696",
};

Deno.test("runs of a study come to the bits of their version: raise STUDY_BITS_VERSION with the hashes", () =>
  inFolder(async (out) => {
    const hash = new Sha256();
    for (const workload of WORKLOADS) {
      const settings = settingsIn(out, { smoke: true, workloads: [workload] });
      const size = { inputs: 4000, seeds: 1, batch: 64 };
      const { all } = await trainedResults(workload, size, VARIANTS, settings);
      assert.equal(all.length, VARIANTS.length);
      for (const { variant, metrics, steps, skipped_inputs, bytes } of all) {
        // Every weight is in the log loss of the test split, to the last bit of a double.
        hash.update(JSON.stringify([workload, variant, metrics, steps, skipped_inputs, bytes]));
      }
    }
    assert.deepEqual([STUDY_BITS_VERSION, hash.hex()], [
      2,
      HASHES[fusesMultiplyAdd() ? "fused" : "apart"],
    ]);
  }));
