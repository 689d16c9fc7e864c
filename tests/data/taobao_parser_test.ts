import assert from "node:assert/strict";
import fc from "../npm/fast_check.ts";
import { TaobaoParser } from "../../data/taobao_parser.ts";
import { cut, event, FIRST_SECOND, type Parsed, parsePieces } from "./log_rows.ts";

const parse = (text: string, places: readonly number[] = []): Parsed =>
  parsePieces((onBad) => new TaobaoParser(onBad), 0, 4, cut(text, places));
const idsOf = ({ rows }: Parsed) => rows.map(({ ids }) => ids);

Deno.test("Taobao's fields mean what the format says", () => {
  const parsed = parse(
    event(1, 2, 3, 0) + event(4294967295, 0, 7, 777599, "buy") +
      event(5, 1234567890, 6, 1, "cart") +
      event(9, 9, 9, 9, "fav").replace("\n", "\r\n"),
  );
  assert.deepEqual(parsed.bad, []);
  assert.deepEqual(idsOf(parsed), [
    [1, 2, 3, 0],
    [4294967295, 0, 7, 777599],
    [5, 1234567890, 6, 1],
    [9, 9, 9, 9],
  ]);
});

Deno.test("events outside the log's nine days are dropped and counted", () => {
  const times = [-1, 777600].map((second) => event(1, 2, 3, second));
  const odd = ["-2134949234", "0", "4294967296000", "1511"].map((time) => `1,2,3,pv,${time}\n`);
  const parsed = parse(event(1, 2, 3, 5) + times.join("") + odd.join("") + event(2, 2, 3, 6));
  assert.deepEqual(parsed.bad, []);
  assert.deepEqual(idsOf(parsed), [[1, 2, 3, 5], [2, 2, 3, 6]]);
  assert.equal((parsed.parser as TaobaoParser).outOfRange, 6);
});

Deno.test("what is wrong with a Taobao row is said with line, column and field", () => {
  const cases: [string, number, string, RegExp][] = [
    ["", 1, "user", /the line is empty/],
    ["1,2,3,pv", 5, "time", /the row has 4 columns where a Taobao row has 5/],
    [`1,2,3,pv,${FIRST_SECOND},`, 6, "", /has 6 columns/],
    [`,2,3,pv,${FIRST_SECOND}`, 1, "user", /"" is not an unsigned integer of 32 bits/],
    [`-1,2,3,pv,${FIRST_SECOND}`, 1, "user", /"-1" is not/],
    [`1,4294967296,3,pv,${FIRST_SECOND}`, 2, "item", /is not an unsigned integer/],
    [`1,2,x,pv,${FIRST_SECOND}`, 3, "category", /"x" is not/],
    [`1,2,3,pvv,${FIRST_SECOND}`, 4, "behaviour", /"pvv" is not one of pv, buy, cart, fav/],
    [`1,2,3,\xff,${FIRST_SECOND}`, 4, "behaviour", /"\\xc3\\xbf" is not one of/],
    ["1,2,3,pv,", 5, "time", /"" is not an integer of at most 15 digits/],
    ["1,2,3,pv,1511539200.5", 5, "time", /is not an integer/],
    ["1".repeat(5000), 1, "user", /the line has more than 4096 bytes/],
  ];
  for (const [line, column, field, reason] of cases) {
    const { rows, bad } = parse(`${event(1, 1, 1, 1)}${line}\n${event(2, 2, 2, 2)}`);
    assert.equal(rows.length, 2, line);
    assert.equal(bad.length, 1, line);
    assert.deepEqual([bad[0]!.line, bad[0]!.column, bad[0]!.field], [2, column, field]);
    assert.match(bad[0]!.reason, reason);
  }
});

Deno.test("rows are what a plain reading of the text gives, wherever the pieces are cut", () => {
  const id = fc.oneof(fc.nat(20), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
  const line = fc.tuple(id, id, id, fc.constantFrom("pv", "buy", "cart", "fav"), fc.nat(777599));
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 30 }),
      fc.array(fc.nat(), { maxLength: 6 }),
      (lines, places) => {
        const text = lines.map(([u, i, c, b, s]) => event(u, i, c, s, b)).join("");
        const parsed = parse(text, places);
        assert.deepEqual(parsed.bad, []);
        assert.deepEqual(idsOf(parsed), lines.map(([u, i, c, , s]) => [u, i, c, s]));
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("any bytes give events, bad rows or dropped ones, one for each line", () => {
  const piece = fc.oneof(
    fc.constantFrom(",", "\n", "-", "1", "pv", "1511539300", event(1, 2, 3, 4)),
    fc.string({ maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (parts) => {
      const { rows, bad, parser } = parse(parts.join(""));
      const dropped = (parser as TaobaoParser).outOfRange;
      assert.equal(rows.length + bad.length + dropped, parser.lines);
    }),
    { seed: 1, numRuns: 300 },
  );
});
