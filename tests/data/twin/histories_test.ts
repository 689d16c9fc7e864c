import { strict as assert } from "node:assert";
import { RandomStream } from "../../../core/random.ts";
import { loadHistoryTwin } from "../../../data/twin/open.ts";
import {
  checkHistoryParameters,
  fitHistories,
  type History,
  HistoryGenerator,
  historyStatistics,
} from "../../../data/twin/histories.ts";
import { UserError } from "../../../core/errors.ts";

/** Users who repeat items and stay with categories of five neighbouring items. */
function madeUpHistories(users: number): History[] {
  const stream = new RandomStream(3, "sampling", 21);
  let at = 0;
  const next = () => stream.uniform(at++);
  return Array.from({ length: users }, () => {
    const size = 20 + Math.floor(40 * next());
    const items = new Uint32Array(size);
    for (let j = 0; j < size; j++) {
      if (j > 0 && next() < 0.3) items[j] = items[j - 1 - Math.floor(next() * Math.min(j, 6))]!;
      else items[j] = Math.floor(20_001 ** next()) - 1;
    }
    return { items, categories: items.map((item) => Math.floor(item / 5)) };
  });
}

const SIZES = { name: "made-up", users: 10_000, events: 400_000, items: 18_000, categories: 3900 };
const HISTORIES = madeUpHistories(300);
const FITTED = fitHistories(HISTORIES, SIZES);

Deno.test("drawn histories repeat items and categories as often as real ones", () => {
  const generator = new HistoryGenerator(FITTED, 9);
  const drawn = historyStatistics(Array.from({ length: 600 }, (_, k) => generator.user(k)));
  const wanted = historyStatistics(HISTORIES);
  assert.ok(Math.abs(drawn.repeats - wanted.repeats) < 0.03, JSON.stringify([drawn, wanted]));
  assert.ok(Math.abs(drawn.met - wanted.met) < 0.05, JSON.stringify([drawn, wanted]));
});

Deno.test("an item has one category, and any user can be had alone", async () => {
  const generator = new HistoryGenerator(await loadHistoryTwin("rm1"), 1);
  const category = new Map<number, number>();
  const first = Array.from({ length: 40 }, (_, k) => generator.user(k));
  for (const { items, categories } of first) {
    for (const [j, item] of items.entries()) {
      assert.ok(item < generator.itemRows && categories[j]! < generator.categoryRows);
      const before = category.get(item);
      assert.ok(before === undefined || before === categories[j]);
      category.set(item, categories[j]!);
    }
  }
  assert.deepEqual(new HistoryGenerator(await loadHistoryTwin("rm1"), 1).user(33), first[33]);
});

Deno.test("what is wrong with parameters of histories is one clear error", () => {
  const cases: [object, RegExp][] = [
    [{ version: 9 }, /version is 9 and must be 2$/],
    [{ name: undefined }, /name is missing$/],
    [{ users: 0 }, /users is 0 and must be a whole number from 1 to 4294967295$/],
    [{ users: 2 ** 32 }, /users is 4294967296 and must be a whole number from 1 to 4294967295$/],
    [{ columns: [] }, /columns is \[\] and must be a list of 2$/],
    [{ columns: [FITTED.columns[0], null] }, /columns\[1\] is null and must be an object$/],
    [
      { columns: [FITTED.columns[0], { ...FITTED.columns[1], follows: 0.5 }] },
      /it has columns that are not items and categories that follow from them$/,
    ],
    [{ lengths: [1] }, /lengths is a list of 1 and must be a list of 33$/],
    [
      { lengths: FITTED.lengths.with(-1, 1e12) },
      /lengths\[32\] is 1000000000000 and must be a whole number/,
    ],
    [{ repeats: { share: 2 } }, /repeats\.share is 2 and must be a number from 0 to 1$/],
    [{ stays: null }, /stays is null and must be an object$/],
  ];
  for (const [change, message] of cases) {
    assert.throws(() => checkHistoryParameters({ ...FITTED, ...change }, "x.json"), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, message);
      return true;
    });
  }
  assert.equal(checkHistoryParameters(structuredClone(FITTED), "x.json").name, "made-up");
});
