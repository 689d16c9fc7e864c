import assert from "node:assert/strict";
import fc from "../npm/fast_check.ts";
import { AvazuParser } from "../../data/avazu_parser.ts";
import { AVAZU_HEADER, avazuRow, avazuRows, cut, type Parsed, parsePieces } from "./log_rows.ts";

const parse = (text: string, places: readonly number[] = []): Parsed =>
  parsePieces((onBad) => new AvazuParser(onBad), 1, 21, cut(text, places));

Deno.test("Avazu's fields mean what the format says", () => {
  const { rows, bad } = parse(
    avazuRow({
      0: "18446744073709551616",
      1: 1,
      2: "14103023",
      3: "2147483647",
      4: "-2147483648",
      5: "ffffffff",
      6: "ABCDEF01",
      7: "a",
      14: "007",
      22: "-1",
      23: "999999999",
    }) + "\n",
  );
  assert.deepEqual(bad, []);
  const [first] = rows;
  assert.equal(first!.label, 1);
  assert.deepEqual(first!.dense, [Math.fround(23 / 24)]);
  assert.deepEqual(first!.ids.slice(0, 6), [
    2147483647,
    2147483648,
    0xffffffff,
    0xabcdef01,
    10,
    8,
  ]);
  assert.equal(first!.ids[11], 7);
  assert.deepEqual(first!.ids.slice(19), [0xffffffff, 999999999]);
});

Deno.test("the impression's id is read over, and missing ids are 0", () => {
  const ids = ["", "1.00009418151094e18", "123456789012345678901", "x"];
  const { rows, bad } = parse(
    ids.map((id) => avazuRow({ 0: id, 5: "", 14: "NULL" }) + "\n").join(""),
  );
  assert.deepEqual(bad, []);
  for (const one of rows) assert.deepEqual(one, rows[0]);
  assert.deepEqual([rows[0]!.ids[2], rows[0]!.ids[11]], [0, 0]);
});

Deno.test("a header, CRLF, a byte-order mark and a missing last line end are taken for what they are", () => {
  const plain = parse(avazuRows(5)).rows;
  assert.equal(plain.length, 5);
  for (
    const text of [
      `${AVAZU_HEADER}\n${avazuRows(5)}`,
      `${AVAZU_HEADER}\n${avazuRows(5)}`.replaceAll("\n", "\r\n"),
      `\ufeff${AVAZU_HEADER}\n${avazuRows(5)}`,
      avazuRows(5).slice(0, -1),
    ]
  ) {
    const { rows, bad } = parse(text);
    assert.deepEqual(bad, []);
    assert.deepEqual(rows, plain);
  }
  // Only the first line can be a header.
  assert.equal(parse(`${avazuRows(1)}${AVAZU_HEADER}\n`).bad[0]?.field, "click");
});

Deno.test("what is wrong with an Avazu row is said with line, column and field", () => {
  const cases: [string, number, string, RegExp][] = [
    ["", 1, "id", /the line is empty/],
    ["1,0,14102100", 4, "C1", /the row has 3 columns where an Avazu row has 24/],
    [avazuRow() + ",1", 25, "", /has 25 columns/],
    [avazuRow({ 1: "2" }), 2, "click", /label "2" is not 0 or 1/],
    [avazuRow({ 2: "14102124" }), 3, "hour", /"14102124" is not an hour written YYMMDDHH/],
    [avazuRow({ 2: "14130100" }), 3, "hour", /is not an hour/],
    [avazuRow({ 2: "1410210" }), 3, "hour", /is not an hour/],
    [avazuRow({ 3: "-" }), 4, "C1", /"-" is not an integer of 32 bits/],
    [avazuRow({ 3: "2147483648" }), 4, "C1", /is not an integer of 32 bits/],
    [avazuRow({ 5: "0x" }), 6, "site_id", /"0x" is not a hexadecimal number of 1 to 8 digits/],
    [avazuRow({ 12: "123456789" }), 13, "device_ip", /is not a hexadecimal number/],
    [avazuRow({ 13: "g" }), 14, "device_model", /"g" is not a hexadecimal number/],
    [avazuRow({ 23: "é" }), 24, "C21", /"\\xc3\\xa9" is not an integer/],
    ["1".repeat(5000), 1, "id", /the line has more than 4096 bytes/],
  ];
  for (const [line, column, field, reason] of cases) {
    const { rows, bad } = parse(`${avazuRows(2)}${line}\n${avazuRows(1)}`);
    assert.equal(rows.length, 3, line);
    assert.equal(bad.length, 1, line);
    assert.deepEqual([bad[0]!.line, bad[0]!.column, bad[0]!.field], [3, column, field]);
    assert.match(bad[0]!.reason, reason);
    assert.equal(bad[0]!.unended, false);
  }
  assert.equal(parse(`${avazuRows(2)}1,0`).bad[0]?.unended, true);
});

Deno.test("rows are what a plain reading of the text gives, wherever the pieces are cut", () => {
  const decimal = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
  const hex = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const hexColumns = new Set([5, 6, 7, 8, 9, 10, 11, 12, 13]);
  const line = fc.record({
    id: fc.bigInt({ min: 0n, max: 10n ** 20n - 1n }),
    click: fc.nat(1),
    hour: fc.nat(23),
    ids: fc.tuple(
      ...Array.from({ length: 21 }, (_, t) => hexColumns.has(t + 3) ? hex : decimal),
    ),
  });
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 20 }),
      fc.array(fc.nat(), { maxLength: 6 }),
      (lines, places) => {
        const text = lines.map(({ id, click, hour, ids }) =>
          [
            id,
            click,
            `141021${String(hour).padStart(2, "0")}`,
            ...ids.map((v, t) => hexColumns.has(t + 3) ? v.toString(16) : v),
          ].join(",") + "\n"
        ).join("");
        const { rows, bad } = parse(text, places);
        assert.deepEqual(bad, []);
        assert.deepEqual(
          rows,
          lines.map(({ click, hour, ids }) => ({
            dense: [Math.fround(hour / 24)],
            ids: ids.map((v) => v >>> 0),
            label: click,
          })),
        );
      },
    ),
    { seed: 1, numRuns: 100 },
  );
});

Deno.test("any bytes give rows or bad rows, one for each line", () => {
  const piece = fc.oneof(
    fc.constantFrom(",", "\n", "-", "1", "ff", avazuRow(), AVAZU_HEADER),
    fc.string({ maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (parts) => {
      const [first] = parts.join("").replace(/^\ufeff/, "").split(/\r?\n/);
      const headers = first!.startsWith("id,click,hour,") && first!.length <= 4096 ? 1 : 0;
      if (headers === 1 && first !== AVAZU_HEADER) {
        assert.throws(() => parse(parts.join("")), /its header has other columns/);
        return;
      }
      const { rows, bad, parser } = parse(parts.join(""));
      assert.equal(rows.length + bad.length + headers, parser.lines);
    }),
    { seed: 1, numRuns: 300 },
  );
});
