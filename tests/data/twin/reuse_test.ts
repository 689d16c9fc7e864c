import assert from "node:assert/strict";
import { openDataset } from "../../../data/open.ts";
import { TwinGenerator } from "../../../data/twin/generator.ts";
import { openTwinLookups } from "../../../data/twin/lookups.ts";
import { loadTwin } from "../../../data/twin/open.ts";
import { checkParameters } from "../../../data/twin/parameters.ts";
import { fitReuse, META_2021 } from "../../../data/twin/reuse.ts";
import { readAll } from "../rows.ts";

Deno.test("the law of the shipped twin of bags is that of the published statistics", async () => {
  const { columns } = await loadTwin("meta2021");
  const law = fitReuse(META_2021);
  assert.equal(columns.length, 8);
  for (const column of columns) {
    assert.deepEqual(column.law, law);
    assert.equal(column.lookups, 16);
  }
});

Deno.test("a drawn minibatch reuses rows as the published one does", async () => {
  const parameters = await loadTwin("meta2021");
  const generator = new TwinGenerator(parameters, 3);
  const ids = new Uint32Array(8 * 16), uses = new Uint32Array(generator.tableRows[0]!);
  // As many lookups as the mean table of the published minibatch has.
  const wanted = META_2021.lookups / META_2021.tables;
  for (let i = 0; i < wanted / 16; i++) {
    generator.writeAllIds([i], 1, ids);
    for (let l = 0; l < 16; l++) uses[ids[l]!]!++;
  }
  const bins = META_2021.rowShares.length;
  const rows = new Float64Array(bins), lookups = new Float64Array(bins);
  for (const n of uses) {
    if (n === 0) continue;
    const bin = Math.min(bins - 1, Math.ceil(Math.log2(n)));
    rows[bin]!++;
    lookups[bin]! += n;
  }
  const seen = rows.reduce((sum, n) => sum + n, 0), all = lookups.reduce((sum, n) => sum + n, 0);
  const expected = META_2021.rows / META_2021.tables;
  assert.ok(Math.abs(seen / expected - 1) < 0.01, `${seen} rows, not ${expected}`);
  // From a thousand uses on a bin is a few rows, which come out in whole numbers.
  for (let bin = 0; bin < 10; bin++) {
    const [r, l] = [rows[bin]! / seen, lookups[bin]! / all];
    assert.ok(Math.abs(r - META_2021.rowShares[bin]!) < 0.006, `rows of bin ${bin}: ${r}`);
    assert.ok(Math.abs(l - META_2021.lookupShares[bin]!) < 0.004, `lookups of bin ${bin}: ${l}`);
  }
  const share = (of: ArrayLike<number>) => Array.from(of).slice(10).reduce((sum, x) => sum + x, 0);
  assert.ok(Math.abs(share(lookups) / all - share(META_2021.lookupShares)) < 0.01);
});

Deno.test("a twin of bags is a data set of bags, and its lookups are the data set's", async () => {
  const dataset = await openDataset({ data: ["twin:meta2021:700"], seed: 5 });
  assert.deepEqual(
    dataset.schema.tables.map(({ name, lookups }) => [name, lookups]),
    Array.from({ length: 8 }, (_, t) => [`C${t + 1}`, 16]),
  );
  const { ids, size } = await readAll(dataset, "train");
  assert.equal(size, 600);
  const source = await openTwinLookups("meta2021", 5, 600);
  assert.equal(source.each, 128);
  const row = new Uint32Array(128);
  let first = 0;
  const firsts = source.tableRows.map((rows) => (first += rows) - rows);
  for (const i of [0, 1, 599]) {
    source.writeAll([i], 1, row);
    for (let l = 0; l < 128; l++) {
      const t = Math.floor(l / 16);
      assert.equal(row[l], firsts[t]! + ids[t * 16 * size + i * 16 + l % 16]!);
    }
  }
  // A bag's lookups are drawn apart from each other.
  const bag = [...ids.subarray(0, 16)];
  assert.ok(new Set(bag).size > 8, `${bag}`);
  dataset.close();
});

Deno.test("bags of a column that follows another are refused", async () => {
  const parameters = structuredClone(await loadTwin("rm4")) as unknown as {
    columns: { parent: number | null; lookups?: number }[];
  };
  const t = parameters.columns.findIndex(({ parent }) => parent !== null);
  parameters.columns[t]!.lookups = 2;
  assert.throws(() => checkParameters(parameters, "made up"), /2 lookups and a parent/);
  parameters.columns[t]!.lookups = 0;
  assert.throws(() => checkParameters(parameters, "made up"), /lookups/);
});
