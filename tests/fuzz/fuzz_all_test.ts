import assert from "node:assert/strict";
import { fuzz } from "./driver.ts";
import { fuzzAll } from "./fuzz_all.ts";
import { SUBJECTS } from "./subjects.ts";

Deno.test("threads share the inputs of all subjects, and read those of one thread", async () => {
  const names = ["schema", "sweep-axis"], inputs = 250;
  const { sums, defect, bytes } = await fuzzAll({
    ...{ subjects: names, seed: 5, inputs, threads: 2, ms: Infinity, mostBytes: Infinity },
    signal: new AbortController().signal,
  });
  assert.equal(defect, null);
  assert.ok(bytes > 0);
  for (const { name, accepted, refused } of sums) {
    const subject = SUBJECTS.find((one) => one.name === name)!;
    assert.deepEqual(
      { accepted, refused },
      await fuzz(subject, { seed: 5, from: 0, count: inputs }),
    );
  }
});

Deno.test("memory beyond the limit ends it", async () => {
  const { defect } = await fuzzAll({
    ...{ subjects: ["schema"], seed: 5, inputs: 200, threads: 1, ms: Infinity, mostBytes: 1 },
    signal: new AbortController().signal,
  });
  assert.match(defect!.message, /^schema, inputs 0 to 200: \d+ bytes/);
});
