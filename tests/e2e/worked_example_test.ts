/** README's worked example is run as it stands, in a copy of the project, and prints what README shows of it. */

import { follow, ROOT, section } from "../docs/page.ts";

Deno.test("README's worked example on a log of one's own runs and prints what it shows", async () => {
  await follow(section(await Deno.readTextFile(`${ROOT}README.md`), "## Your own logs"));
});
