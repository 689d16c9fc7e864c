/** How far a run says that it is. */

import assert from "node:assert/strict";
import { runTraining } from "../../train/run/run_training.ts";

for (const name of ["baseline", "fae", "slipstream", "skip-hot"] as const) {
  Deno.test(`a run under ${name} never tells of more inputs than there are`, async () => {
    const seen: { readonly done: number; readonly total: number }[] = [];
    await runTraining({
      data: "synthetic:8000",
      model: "rm2",
      training: { batch: 64 },
      plan: { name, hotMemoryMib: 1, profile: 1 },
      device: { kind: "cpu", threads: 1 },
    }, { onProgress: ({ phase, done, total }) => phase === "train" && seen.push({ done, total }) });
    assert.ok(seen.length > 0);
    for (const { done, total } of seen) assert.ok(done <= total, `${done} of ${total}`);
    const { done, total } = seen.at(-1)!;
    assert.equal(done, total);
  });
}
