/** What the tab Ask says in a sentence. */

import assert from "node:assert/strict";
import { answer } from "../../page/ask/question.ts";
import { headline } from "../../page/ask/show.ts";
import { loadPaperWorkload } from "../../sim/paper/workloads.ts";

const ASKED = { name: "rm2", machine: "v100x4", gpus: 4 } as const;

Deno.test("headline() says what skipping saves, or which system is fastest", async () => {
  const trace = await loadPaperWorkload("rm2");
  const say = async (systems: readonly string[], drop: number | null): Promise<string> =>
    headline(await answer({ ...ASKED, trace, systems, drop }));
  assert.equal(
    await say(["fae", "slipstream"], null),
    "Skipping 17.8 % of all inputs saves 9.2 % of an epoch's time: slipstream takes 2:31 (1:49 to 3:48), fae 2:47 (2:00 to 4:08).",
  );
  assert.match(
    await say(["fae", "slipstream"], 0),
    /^Skipping 0\.0 % of all inputs saves 0\.0 % of an epoch's time: slipstream takes 2:47 /,
  );
  assert.equal(
    await say(["fae", "xdl", "hotline"], null),
    "The fastest is hotline: an epoch takes 2:34 (1:34 to 3:25).",
  );
});

Deno.test("a system that cannot be simulated is left out with its reason, and none at all is an error", async () => {
  const trace = await loadPaperWorkload("rm2");
  const { results, leftOut } = await answer({
    ...{ ...ASKED, trace, systems: ["freeze", "fae"], drop: null },
  });
  assert.deepEqual(results.map(({ system }) => system), ["fae"]);
  assert.deepEqual(leftOut, [
    "Cannot simulate freeze: the trace has no frozen rows, so give one of the plan freeze",
  ]);
  await assert.rejects(
    answer({ ...ASKED, trace, systems: [], drop: null }),
    /^UserError: Cannot simulate: no system is chosen, so choose one or more$/,
  );
});
