/** The pages on adding things are done as they stand, each in a copy of the project. */

import { follow, ROOT } from "./page.ts";

for (const thing of ["data-set", "model", "plan", "criterion", "machine", "system"]) {
  Deno.test(`docs/add-a-${thing}.md can be followed to its end`, async () => {
    await follow(await Deno.readTextFile(`${ROOT}docs/add-a-${thing}.md`));
  });
}
