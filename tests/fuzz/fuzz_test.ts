import assert from "node:assert/strict";
import { fuzz } from "./driver.ts";
import { SUBJECTS } from "./subjects.ts";

for (const subject of SUBJECTS) {
  Deno.test(`changed inputs of ${subject.name} are refused in a sentence, or are what was written`, async () => {
    const { accepted, refused } = await fuzz(subject, { seed: 7, from: 0, count: 300 });
    assert.equal(accepted + refused, 300);
    assert.ok(refused > 50, `${refused} refused`);
    // What is always refused tests no check of what is taken.
    assert.ok(accepted > 0, "none accepted");
  });
}

Deno.test("inputs that were once found stay mended", async (t) => {
  const corpus = new URL("./corpus/", import.meta.url);
  for (const { name } of Deno.readDirSync(corpus)) {
    await t.step(name, async () => {
      const subject = SUBJECTS.find((one) => name.startsWith(`${one.name}-`))!;
      await subject.check(await Deno.readFile(new URL(name, corpus)));
    });
  }
});
