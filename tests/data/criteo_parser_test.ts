import assert from "node:assert/strict";
import fc from "../npm/fast_check.ts";
import { CriteoParser } from "../../data/criteo_parser.ts";
import { RowBlock } from "../../data/row_block.ts";
import { type BadRow, MAX_LINE } from "../../data/row_parser.ts";
import { row } from "./rows.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

interface Parsed {
  rows: { label: number; dense: number[]; ids: number[] }[];
  bad: BadRow[];
  lines: number;
  consumed: number;
}

/** Parses pieces; copies each piece first and spoils it afterwards, as a reused read buffer would be. */
function parse(pieces: readonly Uint8Array[], limit = Infinity): Parsed {
  const bad: BadRow[] = [];
  const parser = new CriteoParser((b) => bad.push(b));
  const block = new RowBlock(13, 26);
  let full = false;
  for (const piece of pieces) {
    const buffer = piece.slice();
    parser.feed(buffer);
    buffer.fill(0x39);
    full = parser.parse(block, limit);
    if (full) break;
  }
  if (!full) {
    parser.finish();
    parser.parse(block, limit);
  }
  assert.equal(parser.rows, block.rows);
  return {
    rows: Array.from({ length: block.rows }, (_, r) => ({
      label: block.labels[r]!,
      dense: Array.from({ length: 13 }, (_, j) => block.dense[j * block.stride + r]!),
      ids: Array.from({ length: 26 }, (_, t) => block.ids[t * block.stride + r]!),
    })),
    bad,
    lines: parser.lines,
    consumed: parser.consumed,
  };
}

const f32 = Math.fround;

Deno.test("fields mean what the format says", () => {
  const { rows, bad } = parse([bytes(
    row(
      1,
      { 1: 0, 2: 5, 3: -7, 4: 4095, 5: 4096, 6: 999999999, 7: 2147483648, 8: "-0", 9: "007" },
      {
        1: "00000000",
        2: "ffffffff",
        3: "80000000",
        4: "a",
        5: "ABCDEF12",
        6: "0000000f",
        26: "fedcba98",
      },
    ) + "\n",
  )]);
  assert.deepEqual(bad, []);
  const [first] = rows;
  assert.equal(first!.label, 1);
  assert.deepEqual(
    first!.dense,
    [
      0,
      f32(Math.log(6)),
      0,
      f32(Math.log(4096)),
      f32(Math.log(4097)),
      f32(Math.log(1e9)),
      f32(
        Math.log(2147483649),
      ),
      0,
      f32(Math.log(8)),
      0,
      0,
      0,
      0,
    ],
  );
  assert.deepEqual(first!.ids.slice(0, 7), [0, 0xffffffff, 0x80000000, 10, 0xabcdef12, 15, 0]);
  assert.equal(first!.ids[25], 0xfedcba98);
});

Deno.test("CRLF, a byte-order mark and a missing last line end are taken for what they are", () => {
  const lines = [row(0, { 1: 3 }, { 1: "12", 26: "cafe" }), row(1, { 13: 9 }, { 26: "deadbeef" })];
  const plain = parse([bytes(lines.join("\n") + "\n")]);
  assert.equal(plain.rows.length, 2);
  for (
    const text of [
      lines.join("\n"),
      lines.join("\r\n") + "\r\n",
      lines.join("\r\n"),
      "\ufeff" + lines.join("\n") + "\n",
      "\ufeff" + lines.join("\r\n"),
      lines.join("\r\n") + "\r",
    ]
  ) {
    const parsed = parse([bytes(text)]);
    assert.deepEqual(parsed.rows, plain.rows, JSON.stringify(text));
    assert.deepEqual(parsed.bad, []);
    assert.equal(parsed.consumed, bytes(text).length);
  }
});

Deno.test("what is wrong with a row is said with line, column and field", () => {
  const good = row(0);
  const fields = (change: (fields: string[]) => void) => {
    const list = good.split("\t");
    change(list);
    return list.join("\t");
  };
  const cases: [string, number, string, RegExp][] = [
    ["", 1, "label", /the line is empty/],
    ["0", 2, "I1", /has 1 column where a Criteo row has 40/],
    [good.slice(0, -1), 40, "C26", /has 39 columns/],
    [good + "\t", 41, "", /has 41 columns/],
    [good + "\t1\t2", 41, "", /has 42 columns/],
    [fields((f) => f[0] = "2"), 1, "label", /label "2" is not 0 or 1/],
    [fields((f) => f[0] = ""), 1, "label", /label "" is not 0 or 1/],
    [fields((f) => f[0] = "01"), 1, "label", /label "01"/],
    [fields((f) => f[0] = "NULL"), 1, "label", /label "NULL"/],
    [fields((f) => f[1] = "1.5.5"), 2, "I1", /"1.5.5" is not a number/],
    [fields((f) => f[13] = "-"), 14, "I13", /"-" is not a number/],
    [fields((f) => f[13] = "1e"), 14, "I13", /"1e"/],
    [fields((f) => f[13] = "1e999"), 14, "I13", /"1e999"/],
    [fields((f) => f[2] = "1 1"), 3, "I2", /"1 1"/],
    [fields((f) => f[2] = "inf"), 3, "I2", /"inf" is not a number/],
    [fields((f) => f[14] = "xyz"), 15, "C1", /"xyz" is not a hexadecimal number/],
    [fields((f) => f[14] = "0x"), 15, "C1", /"0x"/],
    [fields((f) => f[39] = "123456789"), 40, "C26", /of 1 to 8 digits/],
    [fields((f) => f[39] = "1234567g"), 40, "C26", /"1234567g"/],
    [fields((f) => f[20] = "\0"), 21, "C7", /"\\x00"/],
    [fields((f) => f[20] = "12\r34"), 21, "C7", /"12\\x0d34"/],
    [fields((f) => f[20] = "é"), 21, "C7", /"\\xc3\\xa9"/],
    [fields((f) => f[20] = "z".repeat(100)), 21, "C7", /"z{20}…"/],
    ["x".repeat(MAX_LINE + 1), 1, "label", /more than 4096 bytes/],
  ];
  for (const [text, column, field, reason] of cases) {
    const { rows, bad, lines } = parse([bytes(`${good}\n${text}\n${good}\n`)]);
    assert.equal(rows.length, 2, text);
    assert.equal(lines, 3);
    assert.equal(bad.length, 1, text);
    assert.deepEqual([bad[0]!.line, bad[0]!.column, bad[0]!.field], [2, column, field], text);
    assert.match(bad[0]!.reason, reason);
  }
});

Deno.test("rows that other programs have passed on mean the same", () => {
  const plain = row(1, { 1: 3, 2: "", 3: 12 }, { 1: "1f", 2: "", 26: "cafe" });
  const passed = row("1.0", { 1: "3.0", 2: "\\N", 3: "1.2e1" }, {
    1: "0x1F",
    2: "NULL",
    26: "CAFE",
  });
  const { rows, bad } = parse([bytes(`${plain}\n${passed}\n${row(0)}\n${row("-1")}\n\n\r\n`)]);
  assert.deepEqual(bad, []);
  assert.deepEqual(rows[1], rows[0]);
  assert.deepEqual(rows[3], rows[2]);
  for (const marker of ["NaN", "nan", "None", "NA", "null", "<NA>"]) {
    const marked = parse([bytes(`${row(1, { 4: marker }, { 5: marker })}\n${row(1)}\n`)]);
    assert.deepEqual(marked.rows[0], marked.rows[1], marker);
  }
});

Deno.test("an empty line is a bad row where another follows, and nothing at the end", () => {
  const good = row(0);
  const { rows, bad } = parse([bytes(`${good}\n\n\r\n${good}\n\n`)]);
  assert.equal(rows.length, 2);
  assert.deepEqual(bad.map(({ line, reason }) => [line, reason]), [
    [2, "the line is empty"],
    [3, "the line is empty"],
  ]);
});

Deno.test("no bytes at all are no rows", () => {
  for (const text of ["", "\ufeff"]) {
    const { rows, bad, lines } = parse([bytes(text)]);
    assert.deepEqual([rows, bad, lines], [[], [], 0]);
  }
  assert.deepEqual(parse([]).rows, []);
});

Deno.test("a limit stops after its rows and does not look further", () => {
  const text = row(0) + "\n" + row(1) + "\nbad\n" + "x".repeat(5000);
  const { rows, bad, consumed } = parse([bytes(text)], 2);
  assert.equal(rows.length, 2);
  assert.deepEqual(bad, []);
  assert.equal(consumed, 2 * (row(0).length + 1));
  assert.equal(parse([bytes(text)], 0).rows.length, 0);
});

Deno.test("a full block stops the parser, which goes on with the next", () => {
  const parser = new CriteoParser((bad) => assert.fail(bad.reason));
  const block = new RowBlock(13, 26);
  const text = bytes((row(1, { 1: 1 }, { 1: "1" }) + "\n").repeat(1000));
  let blocks = 0;
  for (let i = 0; i < 140; i++) {
    parser.feed(text);
    while (parser.parse(block)) {
      assert.equal(block.rows, 65_536);
      blocks++;
      block.rows = 0;
    }
  }
  assert.deepEqual([blocks, block.rows], [2, 140_000 - 2 * 65_536]);
});

/** Text that looks like the format most of the time. */
const field = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("", "0", "1", "-1", "12", "5a1c0ffe", "0badc0de") },
  {
    weight: 1,
    arbitrary: fc.constantFrom("-", "zz", "123456789", "1234567890123", "\0", "\r", "A"),
  },
);
const line = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(
      fc.constantFrom("0", "1"),
      fc.array(fc.constantFrom("", "5", "-3", "1382"), { minLength: 13, maxLength: 13 }),
      fc.array(fc.constantFrom("", "5a1c0ffe", "A", "ffffffff"), { minLength: 26, maxLength: 26 }),
    ).map(([label, dense, ids]) => [label, ...dense, ...ids].join("\t")),
  },
  {
    weight: 2,
    arbitrary: fc.array(field, { minLength: 38, maxLength: 42 }).map((list) => list.join("\t")),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("", "x", "x".repeat(4095), "x".repeat(4096), "y".repeat(4097)),
  },
);
const text = fc.tuple(
  fc.constantFrom("", "\ufeff"),
  fc.array(fc.tuple(line, fc.constantFrom("\n", "\n", "\r\n")), { maxLength: 12 }),
  fc.boolean(),
).map(([mark, lines, ended]) => {
  const all = mark + lines.map(([text, end]) => text + end).join("");
  return bytes(ended ? all : all.replace(/\r?\n$/, ""));
});

function cut(whole: Uint8Array, at: readonly number[]): Uint8Array[] {
  const places = [0, ...at.map((x) => x % (whole.length + 1)).sort((a, b) => a - b), whole.length];
  return places.slice(1).map((end, i) => whole.subarray(places[i]!, end));
}

Deno.test("where the pieces are cut changes nothing", () => {
  fc.assert(
    fc.property(
      text,
      fc.array(fc.nat(60_000), { maxLength: 20 }),
      fc.constantFrom(Infinity, 3),
      (whole, at, limit) => {
        assert.deepEqual(parse(cut(whole, at), limit), parse([whole], limit));
      },
    ),
    { seed: 1, numRuns: 300 },
  );
  const whole = bytes("\ufeff" + row(1, { 1: 5 }, { 26: "1234" }) + "\r\n" + row(0) + "\nbad");
  const single = Array.from(whole, (_, i) => whole.subarray(i, i + 1));
  assert.deepEqual(parse(single), parse([whole]));
});

Deno.test("any bytes give rows or bad rows, one for each line", () => {
  const noise = fc.array(
    fc.oneof(fc.nat(255), fc.constantFrom(9, 9, 10, 48, 49, 97, 13, 0)),
    { maxLength: 600 },
  ).map((list) => Uint8Array.from(list));
  fc.assert(
    fc.property(fc.oneof(noise, text), (whole) => {
      const { rows, bad, lines } = parse([whole]);
      assert.equal(rows.length + bad.length, lines);
      const mark = whole[0] === 0xef && whole[1] === 0xbb && whole[2] === 0xbf ? 3 : 0;
      // Empty lines at the end are none.
      const found = new TextDecoder("latin1").decode(whole.subarray(mark)).split("\n");
      while (found.length > 0 && /^\r?$/.test(found.at(-1)!)) found.pop();
      assert.equal(lines, found.length);
    }),
    { seed: 2, numRuns: 500 },
  );
});

Deno.test("rows are what a plain reading of the text gives", () => {
  fc.assert(
    fc.property(text, (whole) => {
      const { rows, bad } = parse([whole]);
      const badLines = new Set(bad.map((b) => b.line));
      const lines = new TextDecoder().decode(whole).split("\n");
      const good = lines.filter((_, i) => !badLines.has(i + 1)).slice(0, rows.length);
      for (const [i, parsed] of rows.entries()) {
        const fields = good[i]!.replace(/\r$/, "").split("\t");
        assert.equal(parsed.label, Number(fields[0]));
        assert.deepEqual(
          parsed.dense,
          fields.slice(1, 14).map((x) => f32(Math.log(Math.max(0, Number(x)) + 1))),
        );
        assert.deepEqual(parsed.ids, fields.slice(14).map((x) => x === "" ? 0 : parseInt(x, 16)));
      }
    }),
    { seed: 3, numRuns: 300 },
  );
});
