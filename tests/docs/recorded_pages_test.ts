/** Tables of recorded runs in the pages follow from the records. */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { renewPage, sayTheSame } from "../../bench/recorded_pages.ts";
import { RECORDS_FOLDER, writeRecord } from "../../bench/study/recorded.ts";
import { trainedResults } from "../../bench/study/trained.ts";
import { UserError } from "../../core/errors.ts";
import { settingsIn } from "../bench/made_up.ts";
import { inFolder } from "../data/rows.ts";
import { ROOT } from "./page.ts";

const PAGES = [
  "README.md",
  ...Array.from(Deno.readDirSync(`${ROOT}docs`), ({ name }) => `docs/${name}`)
    .filter((path) => path.endsWith(".md")).sort(),
];

Deno.test("every recorded table of a page is that of the records: deno task bench pages makes them", async () => {
  for (const page of PAGES) {
    const text = await Deno.readTextFile(`${ROOT}${page}`), pictures = new Map<string, string>();
    assert.ok(
      sayTheSame(text, await renewPage(`${ROOT}${page}`, text, RECORDS_FOLDER, pictures)),
      page,
    );
    for (const [path, svg] of pictures) {
      assert.equal(await Deno.readTextFile(join(dirname(`${ROOT}${page}`), path)), svg, path);
    }
  }
});

Deno.test("a page's recorded part is made of the records that its words choose, and of nothing else", () =>
  inFolder(async (folder) => {
    const page = (words: string) =>
      `# Page\n\n<!-- recorded: ${words} -->\n\nold\n\n<!-- end of recorded -->\n\nAfter.\n`;
    const renew = (words: string) => renewPage("page.md", page(words), `${folder}/records`);
    assert.match(
      await renew("ablation 1 --workloads rm4"),
      /-->\n\n```sh\ndeno task bench ablation --workloads rm4 --recorded\n```\n\nNo run of these workloads is recorded\.\n\n<!-- end/,
    );
    const { all } = await trainedResults(
      "rm4",
      { inputs: 4000, seeds: 1, batch: 64 },
      ["baseline"],
      settingsIn(folder, { smoke: true }),
    );
    const [run] = all;
    await writeRecord(`${folder}/records`, run!, { command: "", recorded_at: "", beside: null });
    const renewed = await renew("ablation 1 --workloads rm4");
    const auc = run!.metrics.auc!.toFixed(5);
    assert.match(renewed, new RegExp(`^\\\\| baseline \\\\| +1 \\\\| ${auc} \\\\|`, "m"));
    assert.match(renewed, /^# Page\n[^]*\nAfter\.\n$/);
    assert.equal(await renewPage("page.md", renewed, `${folder}/records`), renewed);
    assert.ok(sayTheSame(renewed, renewed.replace(/ +\|/g, " |")), "other widths");
    assert.ok(!sayTheSame(renewed, renewed.replace(auc, "0.99999")), "another number");
    await assert.rejects(
      renew("ablation 9"),
      (error) =>
        error instanceof UserError &&
        /^Cannot renew page\.md, line 3: give a table from 1 to 1, or verdicts/.test(error.message),
    );
    await assert.rejects(renew("ablatoin 1"), /ablatoin is no experiment/);
    await assert.rejects(
      renewPage("page.md", "<!-- recorded: ablation 1 -->\n", folder),
      /Cannot renew page\.md, line 1: no line is <!-- end of recorded -->/,
    );
  }));
