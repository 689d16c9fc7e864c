/**
 * Traces as Arrow tables and IPC files. Loads the Arrow library, so it is imported only where a trace is written or
 * read.
 *
 * @module
 */

import {
  Batch,
  batchType,
  Column,
  columnFromArray,
  type DataType,
  dictionary,
  type DictionaryType,
  Endianness,
  type Field,
  field,
  float32,
  float64,
  int8,
  type Schema,
  Table,
  tableFromIPC,
  tableToIPC,
  Type,
  type TypedArray,
  uint32,
  utf8,
  Version,
} from "../../core/npm/flechette.ts";
import { UserError } from "../../core/errors.ts";
import { Sha256 } from "../../core/files.ts";
import { checkArrowBounds } from "../../core/arrow/bounds.ts";
import { TRACE_COLUMNS, type TraceArray, type TraceColumn, TraceColumns } from "./columns.ts";
import { MINIBATCH_KINDS, MINIBATCH_PLACES, type TraceHeader } from "./schema.ts";

/** Key of the header in the schema's metadata. */
const HEADER_KEY = "slipstream";
/** Key of the seal there: SHA-256 of the header's text and of all columns. */
const SEAL_KEY = "slipstream.sha256";
/** What an Arrow IPC file begins and ends with. */
const MAGIC = "ARROW1";

/** Says why a file is refused. */
type Refuse = (reason: string) => never;

/** A trace as a table; its arrays are used as they are. */
export function traceTable(header: TraceHeader, columns: TraceColumns): Table {
  const fields: Field[] = [];
  const children: Column<unknown>[] = [];
  for (const { name, type } of TRACE_COLUMNS) {
    const array = columns.byName.get(name)!;
    const column = type === "kind"
      ? encoded(MINIBATCH_KINDS, array)
      : type === "place"
      ? encoded(MINIBATCH_PLACES, array)
      : plain(numberType(type), array);
    fields.push(field(name, column.type, false));
    children.push(column);
  }
  const text = JSON.stringify(header);
  const schema: Schema = {
    version: Version.V5,
    endianness: Endianness.Little,
    fields,
    metadata: new Map([[HEADER_KEY, text], [SEAL_KEY, sealOf(text, columns)]]),
  };
  return new Table(schema, children);
}

/** A trace as the bytes of an Arrow IPC file. */
export function traceBytes(header: TraceHeader, columns: TraceColumns): Uint8Array {
  // The library returns null only when it writes to a sink of the caller.
  return tableToIPC(traceTable(header, columns), { format: "file" })!;
}

/**
 * Reads the bytes of an Arrow IPC file as far as its form goes: what its header and its numbers say is not checked.
 *
 * @throws {UserError} By way of `refuse`: it is no Arrow file, cut short or damaged, no trace, or has not the columns of
 * one.
 */
export function parseTrace(
  bytes: Uint8Array,
  refuse: Refuse,
): { header: () => unknown; columns: () => TraceColumns } {
  const table = parseArrow(bytes, refuse);
  const text = table.schema.metadata?.get(HEADER_KEY);
  if (text === undefined) {
    refuse(
      `it is an Arrow file but no trace, whose schema has the metadata key "${HEADER_KEY}"`,
    );
  }
  return {
    header: () => {
      try {
        return JSON.parse(text!);
      } catch {
        return refuse("its header is not JSON");
      }
    },
    columns: () => {
      const columns = new TraceColumns(
        new Map(TRACE_COLUMNS.map((column) => [column.name, readColumn(table, column, refuse)])),
      );
      // Files of other programs and of older versions have no seal.
      const seal = table.schema.metadata?.get(SEAL_KEY);
      if (seal !== undefined && seal !== sealOf(text!, columns)) {
        refuse(
          `it was changed after it was written: copy it or trace the run again, or remove the metadata key "${SEAL_KEY}" if that was meant`,
        );
      }
      return columns;
    },
  };
}

/**
 * The bytes that the seal covers, whatever the layout of the file: words are replaced by their positions in this version's
 * lists.
 */
function sealOf(header: string, columns: TraceColumns): string {
  const hash = new Sha256().update(header);
  for (const { name } of TRACE_COLUMNS) {
    const { buffer, byteOffset, byteLength } = columns.byName.get(name)!;
    hash.update(`\n${name}\n`).update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.hex();
}

function parseArrow(bytes: Uint8Array, refuse: Refuse): Table {
  if (bytes.length === 0) refuse("it is empty");
  const begins = asciiAt(bytes, 0), ends = asciiAt(bytes, bytes.length - MAGIC.length);
  if (begins !== MAGIC.slice(0, bytes.length)) {
    refuse("it is not an Arrow IPC file, which a trace is");
  }
  if (ends !== MAGIC || bytes.length < 2 * MAGIC.length) {
    refuse("it is cut short: an Arrow file ends as it begins, and it does not");
  }
  try {
    // The library cannot read a file without rows, which an interrupted run may leave.
    if (checkArrowBounds(bytes) === 0) refuse("it holds no minibatches");
    return tableFromIPC(bytes);
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (error instanceof Error && error.message.includes("compression")) {
      refuse("its columns are compressed, and must be written without compression");
    }
    return refuse("it is a damaged Arrow file; copy it or trace the run again");
  }
}

function readColumn(table: Table, { name, type }: TraceColumn, refuse: Refuse): TraceArray {
  const column = table.getChild(name);
  if (column === undefined) return refuse(`column ${name} is missing`);
  const words = type === "kind" ? MINIBATCH_KINDS : type === "place" ? MINIBATCH_PLACES : null;
  const found = typeName(column.type);
  const wanted = words === null ? type : "dictionary of utf8";
  if (found !== wanted) refuse(`column ${name} is ${found} and must be ${wanted}`);
  if (column.length !== table.numRows) {
    refuse(`column ${name} has ${column.length} values of ${table.numRows}`);
  }
  if (column.nullCount > 0) {
    refuse(`column ${name} has ${column.nullCount} empty values and must have none`);
  }
  if (words !== null) return decoded(column, name, words, refuse);
  const array = column.toArray() as TraceArray;
  if (array.length !== table.numRows) {
    refuse(`it is damaged: column ${name} has ${array.length} values of ${table.numRows}`);
  }
  return array;
}

/** Positions in `words`, whatever order and integer type the file's own dictionary has. */
function decoded(
  column: Column<unknown>,
  name: string,
  words: readonly string[],
  refuse: Refuse,
): Uint8Array {
  const codes = new Uint8Array(column.length);
  let at = 0;
  for (const batch of column.data) {
    const { dictionary, values, length } = batch as unknown as {
      dictionary: Column<string>;
      values: TypedArray;
      length: number;
    };
    if (values.length < length) refuse(`it is damaged: column ${name} is shorter than it says`);
    const map = Array.from(dictionary ?? [], (word) => words.indexOf(word ?? ""));
    for (let i = 0; i < length; i++) {
      const key = Number(values[i]);
      const code = map[key];
      if (code === undefined || code < 0) {
        const word = code === undefined ? `entry ${key}` : JSON.stringify(dictionary.at(key));
        refuse(`minibatch ${at + i} has the ${name} ${word}, which is none of ${words.join(", ")}`);
      }
      codes[at + i] = code!;
    }
    at += length;
  }
  return codes;
}

function plain(type: DataType, values: TypedArray): Column<unknown> {
  return new Column([newBatch(type, values)], type);
}

function encoded(words: readonly string[], codes: TypedArray): Column<unknown> {
  const column = columnFromArray([...words], utf8());
  // Signed positions are what the format recommends and what pandas makes of them.
  const type = dictionary(column.type, int8());
  const batch = newBatch(type, new Int8Array(codes.buffer, codes.byteOffset, codes.length));
  (batch as unknown as { setDictionary(dictionary: unknown): void }).setDictionary(column);
  return new Column([batch], type);
}

function newBatch(type: DataType, values: TypedArray): Batch<unknown> {
  const Kind = batchType(type) as unknown as new (
    options: ConstructorParameters<typeof Batch>[0],
  ) => Batch<unknown>;
  return new Kind({
    length: values.length,
    nullCount: 0,
    type,
    validity: new Uint8Array(0),
    values,
  });
}

function numberType(type: "uint32" | "float64" | "float32"): DataType {
  return type === "uint32" ? uint32() : type === "float64" ? float64() : float32();
}

/** A type in words: `uint32`, `float64`, `dictionary of utf8`; of others what kind they are. */
function typeName(type: DataType): string {
  if (type.typeId === Type.Dictionary) {
    return `dictionary of ${typeName((type as DictionaryType).dictionary)}`;
  }
  if (type.typeId === Type.Int) return `${type.signed ? "" : "u"}int${type.bitWidth}`;
  if (type.typeId === Type.Float) return `float${[16, 32, 64][type.precision]}`;
  const known = Object.entries(Type).find(([, id]) => id === type.typeId);
  return known?.[0].toLowerCase() ?? `of Arrow type ${type.typeId}`;
}

function asciiAt(bytes: Uint8Array, from: number): string {
  return String.fromCharCode(
    ...bytes.subarray(Math.max(0, from), Math.max(0, from) + MAGIC.length),
  );
}
