import {
  columnFromArray,
  dictionary,
  int32,
  int8,
  Table,
  tableFromArrays,
  tableFromIPC,
  tableToIPC,
  utf8,
} from "../../../core/npm/flechette.ts";
import { fromArrow } from "../../../core/npm/arquero.ts";
import assert from "node:assert/strict";
import fc from "../../npm/fast_check.ts";
import { UserError } from "../../../core/errors.ts";
import { checkOutputFile } from "../../../core/outputs.ts";
import { parseTraceFile, readTrace, writeTrace } from "../../../train/trace/files.ts";
import { TraceRecorder } from "../../../train/trace/recorder.ts";
import {
  MINIBATCH_KINDS,
  type MinibatchRecord,
  type TraceHeader,
} from "../../../train/trace/schema.ts";
import { HEADER, minibatch, minibatches } from "./cases.ts";

const RECORDS = [
  minibatch(0),
  minibatch(1, { kind: "cold", place: "host", upload_bytes: 0 }),
  minibatch(2, { kind: "hot", place: "hybrid", stages_ms: {} }),
];

function recorded(records: readonly MinibatchRecord[]): TraceRecorder {
  const recorder = new TraceRecorder();
  for (const record of records) recorder.add(record);
  return recorder;
}

function traced(records: readonly MinibatchRecord[], header = HEADER): Promise<Uint8Array> {
  return recorded(records).bytes(header);
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function rejects(bytes: Uint8Array, reason: string): Promise<void> {
  return assert.rejects(parseTraceFile("a.arrow", bytes), {
    name: "UserError",
    message: `Cannot read a.arrow: ${reason}`,
  });
}

/** A trace whose table was changed, as another program might write it: without a seal. */
async function changed(change: (table: Table) => Table): Promise<Uint8Array> {
  const { schema, children } = await recorded(RECORDS).table(HEADER);
  const metadata = new Map([["slipstream", schema.metadata!.get("slipstream")!]]);
  const plain = new Table({ ...schema, metadata }, children);
  return tableToIPC(change(plain), { format: "file" })!;
}

/** The table with a column in place of another, or without it. */
function withColumn(table: Table, name: string, column: Table["children"][number] | null): Table {
  const { schema, children } = table;
  const at = schema.fields.findIndex((field) => field.name === name);
  const fields = [...schema.fields], columns = [...children];
  if (column === null) {
    fields.splice(at, 1);
    columns.splice(at, 1);
  } else {
    fields[at] = { ...fields[at]!, type: column.type };
    columns[at] = column;
  }
  return new Table({ ...schema, fields }, columns);
}

Deno.test("a trace comes back as it was written", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.arrow`;
    await fc.assert(
      fc.asyncProperty(minibatches, async (records) => {
        await writeTrace(path, HEADER, recorded(records));
        const trace = await readTrace(path);
        assert.deepEqual(trace.header, HEADER);
        assert.deepEqual(trace.records, records);
        assert.equal(trace.columns.length, records.length);
        assert.deepEqual([...trace.columns.unique_rows], records.map((r) => r.unique_rows));
        assert.deepEqual(
          [...trace.columns.stages_ms["sync-hot"]],
          records.map((r) => r.stages_ms["sync-hot"] ?? 0),
        );
        assert.equal(trace.records, trace.records);
      }),
      { seed: 5, numRuns: 60 },
    );
    assert.deepEqual([...Deno.readDirSync(folder)].map((entry) => entry.name), ["a.arrow"]);
  }));

Deno.test("a trace has the columns that its schema version promises", async () => {
  const { schema } = tableFromIPC(await traced(RECORDS));
  const types = ["uint32", "float64", "float32", "dictionary"] as const;
  const type = (id: number, precision: number, signed: boolean) =>
    id === -1 ? types[3] : id === 2 && !signed ? types[0] : types[precision === 2 ? 1 : 2];
  assert.deepEqual(
    schema.fields.map(({ name, nullable, type: t }) => {
      const { typeId, precision, signed } = t as unknown as {
        typeId: number;
        precision: number;
        signed: boolean;
      };
      return `${name} ${type(typeId, precision, signed)}${nullable ? " nullable" : ""}`;
    }),
    [
      "step uint32",
      "epoch uint32",
      "kind dictionary",
      "place dictionary",
      "inputs uint32",
      "lookups uint32",
      "unique_rows uint32",
      "cold_lookups uint32",
      "unique_cold_rows uint32",
      "frozen_rows uint32",
      "skipped_inputs uint32",
      "upload_bytes float64",
      "download_bytes float64",
      "sync_bytes float64",
      "wall_ms float32",
      "prepare_ms float32",
      "gather_ms float32",
      "upload_ms float32",
      "forward_ms float32",
      "interact_ms float32",
      "backward_ms float32",
      "download_ms float32",
      "update_rows_ms float32",
      "update_dense_ms float32",
      "allreduce_ms float32",
      "sync_hot_ms float32",
      "snapshot_ms float32",
      "search_ms float32",
      "classify_ms float32",
      "evaluate_ms float32",
    ],
  );
  assert.deepEqual([...schema.metadata!.keys()], ["slipstream", "slipstream.sha256"]);
});

Deno.test("a trace is an Arrow IPC file: magic at both ends, a footer of the length it says", async () => {
  const bytes = await traced(RECORDS);
  const text = (from: number, to?: number) => new TextDecoder().decode(bytes.subarray(from, to));
  assert.equal(text(0, 6), "ARROW1");
  assert.equal(text(bytes.length - 6), "ARROW1");
  assert.equal(bytes.length % 2, 0);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const footer = view.getInt32(bytes.length - 10, true);
  // Before the footer stands the mark of the end of the messages.
  const end = bytes.length - 10 - footer;
  assert.ok(footer > 0 && end > 0);
  assert.equal(view.getInt32(8, true), -1, "the first message");
  assert.ok(
    text(end, bytes.length - 10).includes("slipstream.trace"),
    "the header is in the footer",
  );
});

Deno.test("a trace opens in arquero", async () => {
  const table = fromArrow(await traced(RECORDS));
  assert.equal(table.numRows(), 3);
  assert.deepEqual(table.array("kind"), ["all", "cold", "hot"]);
  assert.deepEqual(table.array("place"), ["device", "host", "hybrid"]);
  assert.deepEqual([...table.array("upload_bytes")], [2 ** 33, 0, 2 ** 33]);
  assert.deepEqual([...table.array("update_rows_ms")], [7.25, 7.25, 0]);
});

Deno.test("a trace without minibatches is a file, and refused", async () => {
  const bytes = await traced([]);
  assert.equal(new TextDecoder().decode(bytes.subarray(0, 6)), "ARROW1");
  await rejects(bytes, "it holds no minibatches");
});

Deno.test("readTrace() takes what another program wrote: batches, other dictionaries, more columns", async () => {
  const bytes = await changed((table) => {
    const maxBatchRows = 2;
    const split = new Table(
      table.schema,
      table.children.map((column) =>
        columnFromArray([...column] as unknown[], column.type, { maxBatchRows })
      ),
    );
    // Positions of another integer type, words in another order.
    const kinds = columnFromArray(
      ["cold", "all", "cold"],
      dictionary(utf8(), int32()),
      { maxBatchRows },
    );
    const other = withColumn(split, "kind", kinds);
    const extra = tableFromArrays({ note: ["a", "b", "c"] }, { maxBatchRows });
    return new Table(
      { ...other.schema, fields: [...extra.schema.fields, ...other.schema.fields] },
      [...extra.children, ...other.children],
    );
  });
  const { records } = await parseTraceFile("a.arrow", bytes);
  assert.deepEqual(records.map((record) => record.kind), ["cold", "all", "cold"]);
  assert.deepEqual(records[1], { ...RECORDS[1], kind: "all" });
});

Deno.test("readTrace() refuses what is not there and what is no Arrow file", () =>
  inFolder(async (folder) => {
    await assert.rejects(readTrace(`${folder}/a.arrow`), {
      name: "UserError",
      message: `Cannot read ${folder}/a.arrow: No such file or directory`,
    });
    await assert.rejects(readTrace(folder), UserError);
    const text = (words: string) => new TextEncoder().encode(words);
    await rejects(new Uint8Array(0), "it is empty");
    await rejects(text('{"schema": 1}'), "it is not an Arrow IPC file, which a trace is");
    await rejects(text("PAR1 and so on"), "it is not an Arrow IPC file, which a trace is");
    const cut = "it is cut short: an Arrow file ends as it begins, and it does not";
    await rejects(text("ARR"), cut);
    await rejects(text("ARROW1"), cut);
    await rejects((await traced(RECORDS)).subarray(0, 500), cut);
    await rejects(
      text("ARROW1\0\0\0\0\0\0\0\0ARROW1"),
      "it is a damaged Arrow file; copy it or trace the run again",
    );
    await rejects(
      tableToIPC(tableFromArrays({ a: Int32Array.of(1) }), { format: "file" })!,
      'it is an Arrow file but no trace, whose schema has the metadata key "slipstream"',
    );
  }));

Deno.test("readTrace() refuses headers that are none", async () => {
  const withText = (text: string) =>
    changed((table) =>
      new Table({ ...table.schema, metadata: new Map([["slipstream", text]]) }, [
        ...table.children,
      ])
    );
  await rejects(await withText("{"), "its header is not JSON");
  await rejects(await withText("[]"), "header is [] and must be an object");
  await rejects(
    await withText('{"schema": "slipstream.train"}'),
    'header.schema is "slipstream.train" and must be "slipstream.trace"',
  );
  const withMember = (members: object) => traced(RECORDS, { ...HEADER, ...members } as TraceHeader);
  await rejects(
    await withMember({ schema_version: 2 }),
    "header.schema_version is 2 and this version reads 1; trace the run again with this version",
  );
  await rejects(
    await withMember({ batch: 0 }),
    "header.batch is 0 and must be a whole number from 1 to 1073741824",
  );
  await rejects(
    await withMember({ model: { table_rows: 5 } }),
    "header.model.table_rows is 5 and must be a list of 1 to 65536",
  );
  await rejects(
    await withMember({ plan: undefined }),
    "header.plan is missing",
  );
});

Deno.test("readTrace() refuses missing and wrongly typed columns", async () => {
  const replaced = (name: string, column: Table["children"][number] | null) =>
    changed((table) => withColumn(table, name, column));
  await rejects(await replaced("lookups", null), "column lookups is missing");
  await rejects(await replaced("sync_hot_ms", null), "column sync_hot_ms is missing");
  await rejects(
    await replaced("lookups", columnFromArray(Float64Array.of(1, 2, 3))),
    "column lookups is float64 and must be uint32",
  );
  await rejects(
    await replaced("step", columnFromArray(Int32Array.of(0, 1, 2))),
    "column step is int32 and must be uint32",
  );
  await rejects(
    await replaced("kind", columnFromArray(["all", "all", "all"], utf8())),
    "column kind is utf8 and must be dictionary of utf8",
  );
  await rejects(
    await replaced("kind", columnFromArray(["all", "warm", "all"], dictionary(utf8(), int8()))),
    `minibatch 1 has the kind "warm", which is none of ${MINIBATCH_KINDS.join(", ")}`,
  );
  await rejects(
    await replaced("place", columnFromArray(["host", null, "host"], dictionary(utf8(), int8()))),
    "column place has 1 empty values and must have none",
  );
});

Deno.test("readTrace() refuses counts and times that cannot be", async () => {
  const refuses = async (changes: Partial<MinibatchRecord>, reason: string) =>
    await rejects(
      await traced([minibatch(0), minibatch(1, changes)]),
      `minibatch 1 has ${reason}`,
    );
  await refuses({ inputs: 0 }, "0 inputs, and must have 1 or more");
  await refuses(
    { unique_rows: 257 },
    "unique_rows 257, which cannot be more than its lookups 256",
  );
  await refuses(
    { cold_lookups: 300 },
    "cold_lookups 300, which cannot be more than its lookups 256",
  );
  await refuses(
    { unique_cold_rows: 41 },
    "unique_cold_rows 41, which cannot be more than its cold_lookups 40",
  );
  await refuses(
    { unique_cold_rows: 35, unique_rows: 34, frozen_rows: 0 },
    "unique_cold_rows 35, which cannot be more than its unique_rows 34",
  );
  await refuses(
    { frozen_rows: 91 },
    "frozen_rows 91, which cannot be more than its unique_rows 90",
  );
  await refuses(
    { upload_bytes: -1 },
    "upload_bytes -1, which must be a number from 0 to 1000000000000000000",
  );
  await refuses(
    { sync_bytes: 1e300 },
    "sync_bytes 1e+300, which must be a number from 0 to 1000000000000000000",
  );
  await refuses({ wall_ms: NaN }, "wall_ms NaN, which must be a number from 0 to 1000000000000");
  await refuses(
    { stages_ms: { "update-dense": Infinity } },
    "update_dense_ms Infinity, which must be a number from 0 to 1000000000000",
  );
  for (
    const [steps, reason] of [[[0, 1, 3], "2 has step 3"], [[1, 2, 3], "0 has step 1"]] as const
  ) {
    await rejects(
      await changed((table) => withColumn(table, "step", columnFromArray(Uint32Array.from(steps)))),
      `minibatch ${reason}, where steps count from 0 without a gap`,
    );
  }
});

Deno.test("readTrace() refuses a trace that was cut anywhere", async () => {
  const bytes = await traced(RECORDS);
  for (let length = 0; length < bytes.length; length++) {
    await assert.rejects(parseTraceFile("a.arrow", bytes.subarray(0, length)), UserError);
    if (length % 8 !== 5) continue;
    // A cut inside that the end hides, as of a transfer that went on at the wrong place.
    const gap = new Uint8Array([...bytes.subarray(0, length), ...bytes.subarray(length + 8)]);
    await parseTraceFile("a.arrow", gap).catch((error) =>
      assert.ok(error instanceof UserError, String(error))
    );
  }
});

Deno.test("readTrace() answers any damage with a UserError, or with all that was written", async () => {
  const bytes = await traced(RECORDS);
  for (let at = 0; at < bytes.length; at++) {
    for (const change of [0xff, 1 << at % 8]) {
      const damaged = bytes.slice();
      damaged[at]! ^= change;
      // Padding, and lists that readers do not use, may change.
      const trace = await parseTraceFile("a.arrow", damaged).catch((error) =>
        assert.ok(error instanceof UserError, String(error))
      );
      if (trace === undefined) continue;
      assert.deepEqual(trace.header, HEADER, `byte ${at}`);
      assert.deepEqual(trace.records, RECORDS, `byte ${at}`);
    }
  }
});

Deno.test("readTrace() refuses a trace whose numbers were changed", async () => {
  const table = await recorded(RECORDS).table(HEADER);
  const faster = withColumn(
    table,
    "wall_ms",
    columnFromArray(Float32Array.of(20.5, 20.5, 1)),
  );
  await rejects(
    tableToIPC(faster, { format: "file" })!,
    'it was changed after it was written: copy it or trace the run again, or remove the metadata key "slipstream.sha256" if that was meant',
  );
});

Deno.test("writeTrace() is whole or not at all, and its place can be checked before", () =>
  inFolder(async (folder) => {
    await assert.rejects(
      writeTrace(`${folder}/none/a.arrow`, HEADER, recorded(RECORDS)),
      UserError,
    );
    assert.deepEqual([...Deno.readDirSync(folder)], []);
    await Deno.writeTextFile(`${folder}/file`, "");
    assert.throws(() => checkOutputFile("--trace", `${folder}/file/a.arrow`), UserError);
    checkOutputFile("--trace", `${folder}/a.arrow`);
  }));
