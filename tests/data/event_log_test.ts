import assert from "node:assert/strict";
import fc from "../npm/fast_check.ts";
import { EventLog, PairTable } from "../../data/event_log.ts";
import { PairList } from "../../data/pair_list.ts";
import { RowBlock } from "../../data/row_block.ts";

Deno.test("a list of pairs holds what was pushed, over its chunks' ends", () => {
  const list = new PairList(), count = 1_100_000;
  for (let i = 0; i < count; i++) list.push(i, 0xffffffff - i);
  assert.equal(list.length, count);
  for (const i of [0, 1, 2 ** 19 - 1, 2 ** 19, 2 ** 20, count - 1]) {
    assert.deepEqual([list.first(i), list.second(i)], [i, 0xffffffff - i]);
  }
});

Deno.test("pairs are numbered in order of first appearance, as a Map does", () => {
  const pair = fc.tuple(fc.nat(60), fc.nat(60));
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 3000 }), (pairs) => {
      const table = new PairTable(), known = new Map<string, number>();
      for (const [a, b] of pairs) {
        const key = `${a} ${b}`;
        if (!known.has(key)) known.set(key, known.size);
        const index = table.index(a, b);
        assert.equal(index, known.get(key));
        assert.deepEqual([table.first(index), table.second(index)], [a, b]);
      }
      assert.equal(table.size, known.size);
    }),
    { seed: 1, numRuns: 30 },
  );
});

Deno.test("a log gives each user's events by time, however they came in", () => {
  const event = fc.record({ user: fc.nat(8), item: fc.nat(30), time: fc.nat(50) });
  fc.assert(
    fc.property(
      fc.array(event, { minLength: 1, maxLength: 200 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 50 }),
      (events, sorted, blockRows) => {
        const lines = sorted ? events.toSorted((a, b) => a.user - b.user) : events;
        const log = new EventLog(0);
        const block = new RowBlock(0, 4);
        for (let from = 0; from < lines.length; from += blockRows) {
          const part = lines.slice(from, from + blockRows);
          block.rows = part.length;
          for (const [r, { user, item, time }] of part.entries()) {
            for (const [t, value] of [user, item, item % 3, time].entries()) {
              block.ids[t * block.stride + r] = value;
            }
          }
          log.add(block);
        }
        log.group();
        assert.equal(log.length, lines.length);
        if (sorted) assert.ok(log.grouped);
        const items = log.items.values();
        for (const [index, user] of log.users.values().entries()) {
          const mine = lines.filter((line) => line.user === user).sort((a, b) => a.time - b.time);
          assert.equal(log.count(index), mine.length);
          assert.equal(log.lastTime(index), mine.at(-1)!.time);
          assert.deepEqual(
            Array.from(log.history(index), (pair) => items[log.pairs.first(pair)]),
            mine.map((line) => line.item),
          );
        }
      },
    ),
    { seed: 1, numRuns: 100 },
  );
});
