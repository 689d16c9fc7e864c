/** The pages on adding things, and on a log of one's own, are done as they stand, each in a copy of the project. */

import { follow, ROOT, section } from "./page.ts";

for (const thing of ["data-set", "model", "plan", "criterion", "machine", "system"]) {
  Deno.test(`docs/add-a-${thing}.md can be followed to its end`, async () => {
    await follow(await Deno.readTextFile(`${ROOT}docs/add-a-${thing}.md`));
  });
}

Deno.test("docs/data.md gets from a log of your own to a profile and a run by one edited schema", async () => {
  await follow(section(await Deno.readTextFile(`${ROOT}docs/data.md`), "## A log of your own"));
});
