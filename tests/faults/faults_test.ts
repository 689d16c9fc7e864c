import assert from "node:assert/strict";
import { killRuns } from "./kills.ts";
import { WORKS } from "./works.ts";

Deno.test("a training that is killed goes on to the same losses, metrics and weights", async () => {
  const work = WORKS.find(({ name }) => name === "train: slipstream, rows hot, cpu")!;
  const shares = [0.9, 0.6, 0.8, 0.7];
  let at = 0;
  const { runs, same } = await killRuns(work, 1, () => shares[at++ % shares.length]!, Infinity);
  assert.deepEqual([runs, same], [1, 1]);
});
