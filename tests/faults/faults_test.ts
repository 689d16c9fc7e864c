import assert from "node:assert/strict";
import { killRuns } from "./kills.ts";
import { meetRuns, OBSTACLES } from "./obstacles.ts";
import { unharmed } from "./tries.ts";
import { WORKS } from "./works.ts";

const TRAINING = WORKS.find(({ name }) => name === "train: slipstream, rows hot, cpu")!;

Deno.test("a training that is killed, or that finds its disk full, read-only or its streams gone, comes to the same", async (t) => {
  const expected = await unharmed(TRAINING);
  await t.step("kills", async () => {
    const shares = [0.9, 0.6, 0.8, 0.7];
    let at = 0;
    const uniform = () => shares[at++ % shares.length]!;
    const { runs, same } = await killRuns(TRAINING, expected, 1, uniform, Infinity);
    assert.deepEqual([runs, same], [1, 1]);
  });
  for (const obstacle of OBSTACLES) {
    await t.step(obstacle.name, async () => {
      const outcome = await meetRuns(TRAINING, obstacle, expected, 1, () => 0.5, Infinity);
      // Only root can mount a disk.
      if (outcome === null) return assert.ok(obstacle.ofDisks);
      const { runs, refused, same } = outcome;
      assert.deepEqual([runs, refused, same], [1, obstacle.ofDisks ? 1 : 0, 1]);
    });
  }
});
