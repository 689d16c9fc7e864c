import assert from "node:assert/strict";
import { BENCH_SCHEMA_VERSION, buildDocument, tableToCsv } from "../../bench/report.ts";
import { fullText, shortText } from "../../bench/print.ts";
import { deviceNote } from "../../bench/device_note.ts";
import { documentOf, found, madeUp } from "./made_up.ts";

const TABLE = {
  title: "A table",
  columns: [{ name: "who" }, { name: "ms" }, { name: "95 %" }, { name: "ms" }],
  rows: [["ours, fast", 1.5, null, 3], ['a "peer"', 2, 7, 4]],
};

Deno.test("tableToCsv() keeps full numbers, quotes text and tells equal columns apart", async () => {
  assert.equal(
    await tableToCsv(TABLE),
    'who,ms,95 %,ms (4)\n"ours, fast",1.5,,3\n"a ""peer""",2,7,4\n',
  );
});

Deno.test("buildDocument() holds tables, notes and where they come from", () => {
  const document = buildDocument(madeUp("kernels"), { tables: [TABLE], notes: ["a note"] }, {
    seconds: 2,
    command: "deno task bench kernels",
    settings: { seeds: 3 },
  });
  assert.equal(document.schema, "slipstream.bench");
  assert.equal(document.schema_version, BENCH_SCHEMA_VERSION);
  assert.equal(document.experiment, "kernels");
  assert.equal(document.failure, null);
  assert.deepEqual(document.tables[0]!.columns.map(({ name }) => name), [
    "who",
    "ms",
    "95 %",
    "ms",
  ]);
  assert.deepEqual(document.tables[0]!.columns.map(({ right }) => right), [
    false,
    true,
    true,
    true,
  ]);
  assert.deepEqual(JSON.parse(JSON.stringify(document)).tables[0].rows, TABLE.rows);
  assert.equal(document.environment.deno, Deno.version.deno);
});

Deno.test("fullText() ends with what was found, in sentences that a terminal does not break within words", () => {
  const findings = { ...found("one"), notes: ["a note"], verdicts: ["yes and no", "cannot tell"] };
  const document = documentOf("one", findings);
  assert.ok(fullText(document).endsWith("\na note\n\nVERDICT\nyes and no\ncannot tell\n"));
  assert.ok(fullText(document, 8).endsWith("VERDICT\nyes and\n  no\ncannot\n  tell\n"));
});

Deno.test("tables fit the terminal that is named, and are whole without one", () => {
  const document = documentOf("one", found("one", [1, 10]));
  const wide = (text: string) => Math.max(...text.split("\n").map(({ length }) => length));
  for (
    const text of [fullText, (one: typeof document, width?: number) => shortText([one], width)]
  ) {
    assert.equal(wide(text(document, 16)), 16);
    assert.equal(text(document, 200), text(document));
  }
  assert.match(fullText(document, 16), /^what +value\n.*\nrow 0 .*\nrow 1 .*\n\nwhat +paper\n/m);
});

Deno.test("fullText() tells where figures are from", () => {
  const { tables, ...rest } = found("one", [1, 10]);
  const named = tables.map((table) => ({
    ...table,
    // Their names say it already.
    columns: [{ name: "what" }, { name: "value" }, { name: "published, s", origin: "published" }],
  } as const));
  assert.doesNotMatch(fullText(documentOf("one", { ...rest, tables: named })), /^published:/m);
  const text = fullText(documentOf("one", { ...rest, tables }));
  assert.equal(
    text,
    `Table of one (measured)

what   value  paper
─────  ─────  ─────
row 0      1      2
row 1     10     20
published: paper

A note of one
`,
  );
});

Deno.test("shortText() has the short tables, and what failed", () => {
  const { tables } = found("two");
  const text = shortText([
    documentOf("one"),
    documentOf("two", { tables: [...tables, TABLE], notes: [] }),
    documentOf("bad", { tables: [], notes: [] }, { failure: "it broke" }),
  ]);
  assert.match(text, /^Table of one \(measured\)$/m);
  assert.match(text, /^Table of two \(measured\)$/m);
  assert.doesNotMatch(text, /A table|A note/);
  assert.match(text, /--full measures the published sizes/);
  assert.match(text, /^bad failed: it broke$/m);
});

Deno.test("deviceNote() names threads, and of an adapter what its name leaves out", () => {
  const info = { name: "WASM SIMD", details: {}, isFallbackAdapter: false };
  assert.equal(deviceNote({ ...info, kind: "cpu", threads: 1 }).name, "WASM SIMD (1 thread)");
  const details = { vendor: "4318", architecture: "hopper", device: "H100", description: "x" };
  const gpu = { ...info, kind: "webgpu" as const, name: "NVIDIA H100", details, threads: 1 };
  assert.equal(deviceNote(gpu).name, "NVIDIA H100 (architecture hopper)");
});
