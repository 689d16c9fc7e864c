import assert from "node:assert/strict";
import { openDataset } from "../../data/open.ts";
import { inFolder, rows } from "./rows.ts";

/** Opens a log in a process that may read everything and write nothing, and gives what it says. */
async function openReadOnly(folder: string): Promise<string> {
  const path = `${folder}/open.ts`;
  const library = new URL("../../data/open.ts", import.meta.url).href;
  await Deno.writeTextFile(
    path,
    `import { openDataset } from ${JSON.stringify(library)};
const stages: string[] = [];
const dataset = await openDataset({
  data: [${JSON.stringify(`${folder}/f`)}],
  cacheDirectory: ${JSON.stringify(`${folder}/cache`)},
  onProgress: ({ stage }) => stages.push(stage),
});
console.log(dataset.hash, ...new Set(stages));
`,
  );
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--no-lock", "--allow-read", path],
    stdin: "null",
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("a log that was touched is read from a cache that may not be written", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/f`, rows(20));
    const { hash } = await openDataset({
      data: [`${folder}/f`],
      cacheDirectory: `${folder}/cache`,
    });
    assert.equal(await openReadOnly(folder), hash);
    const later = new Date(1_700_000_000_000);
    await Deno.utime(`${folder}/f`, later, later);
    assert.equal(await openReadOnly(folder), `${hash} checking`);
    const left = [...Deno.readDirSync(`${folder}/cache`)].filter(({ name }) =>
      name.endsWith(".tmp")
    );
    assert.deepEqual(left, []);
  }));
