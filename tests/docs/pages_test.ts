/** The pages on adding things, and on a log of one's own, are done as they stand, each in a copy of the project. */

import assert from "node:assert/strict";
import { follow, ROOT, section } from "./page.ts";

for (const thing of ["data-set", "model", "plan", "criterion", "machine", "system"]) {
  Deno.test(`docs/add-a-${thing}.md can be followed to its end`, async () => {
    await follow(await Deno.readTextFile(`${ROOT}docs/add-a-${thing}.md`));
  });
}

Deno.test("docs/data.md gets from a log of your own to a profile and a run by one edited schema", async () => {
  await follow(section(await Deno.readTextFile(`${ROOT}docs/data.md`), "## A log of your own"));
});

Deno.test("docs/worth.md asks whether skipping is worth it, and gets a verdict", async () => {
  await follow(section(await Deno.readTextFile(`${ROOT}docs/worth.md`), "## An example"));
});

Deno.test("docs/runs.md makes a page of one run and a page of two", async () => {
  await follow(await Deno.readTextFile(`${ROOT}docs/runs.md`));
});

Deno.test("docs/cluster.md splits a study into commands and collects them", async () => {
  const page = await Deno.readTextFile(`${ROOT}docs/cluster.md`);
  const whole = section(page, "## A list of commands") + section(page, "## Other schedulers");
  const printed: string[] = [];
  await follow(whole, {
    env: { JOB_COMPLETION_INDEX: "1" },
    after: async (folder, output) => {
      printed.push(output);
      const lines = (await Deno.readTextFile(`${folder}/jobs.txt`)).trimEnd().split("\n");
      assert.equal(lines.length, 3);
      assert.ok(page.includes(`\n${lines[0]}\n`), lines[0]);
    },
  });
  const [, trained, collected, again] = printed as [string, string, string, string];
  assert.equal(trained.match(/, fae: AUC 0\./g)?.length, 3, trained);
  assert.doesNotMatch(collected, /AUC 0\.\d+, log-loss|missing/);
  assert.match(collected, /\bfae\b/);
  // Its run is there already.
  assert.doesNotMatch(again, /AUC/);
});
