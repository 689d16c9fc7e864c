/**
 * Arrow tables and files. Load it only where a trace is written or read: it is heavy.
 *
 * @module
 */

// deno-lint-ignore no-import-prefix
export {
  Batch,
  batchType,
  Column,
  columnFromArray,
  type DataType,
  dateDay,
  dictionary,
  type DictionaryType,
  Endianness,
  type Field,
  field,
  float32,
  float64,
  int32,
  int8,
  type Schema,
  Table,
  tableFromArrays,
  tableFromColumns,
  tableFromIPC,
  tableToIPC,
  timestamp,
  TimeUnit,
  Type,
  type TypedArray,
  uint32,
  utf8,
  Version,
} from "npm:@uwdata/flechette@1.1.2";
