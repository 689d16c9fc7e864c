/**
 * Where the values of a row go: the columns of a schema as the columns of a block.
 *
 * @module
 */

import { sum } from "../../core/sum.ts";
import { IdCoder } from "../ids/id_coder.ts";
import type { RowBlock } from "../row_block.ts";
import {
  denseNames,
  type LogColumn,
  type LogSchema,
  sequenceColumns,
  type TableColumn,
  tableColumns,
} from "./log_schema.ts";

/** The dense column of logs that have none: the bottom MLP then learns one vector for all inputs. */
const CONSTANT = "constant";

/** Seconds of an hour, hours of a day. */
const HOUR_S = 3600, DAY_H = 24;

/**
 * The columns of a block that rows of a schema fill, and the codes of their ids. One is shared by all files of a log, because
 * an id has one code wherever it stands.
 */
export class RowShape {
  /** Dense columns, in order: those of the schema or, where it has none, {@link CONSTANT}. */
  readonly dense: readonly string[];
  /** Whether the one dense column is {@link CONSTANT}, 1 in all rows. */
  readonly constant: boolean;
  /** Columns with tables, in order. */
  readonly tables: readonly TableColumn[];
  /** One a table. */
  readonly coders: readonly IdCoder[];
  /** Ids of a row in each table: 1, the most of a list, or one a step. */
  readonly lookups: readonly number[];
  /** Steps of a row where rows are sequences, else null. */
  readonly steps: number | null;
  /** Of each table whether its ids are a sequence. */
  readonly perStep: readonly boolean[];
  /** Of each table the id column of its first id. */
  readonly firsts: readonly number[];
  /** Id columns of all tables. */
  readonly places: number;
  /** Of each table the lists that had more ids than count. */
  readonly cut: Uint32Array;
  /** The id column behind the tables that holds the row's time in seconds since 1970; -1 where none is kept. */
  readonly timeSlot: number;
  /** Names of the columns after the tables: only the split uses them, they are not stored. */
  readonly carried: readonly string[];
  readonly #denseSlots: ReadonlyMap<string, number>;
  readonly #tables: ReadonlyMap<string, number>;

  /** @param range Ids are taken modulo this; 0 for as they are. */
  constructor(schema: LogSchema, range: number) {
    const dense = denseNames(schema);
    const sequences = sequenceColumns(schema), [sequence] = sequences;
    this.steps = sequence === undefined ? null : sequence.steps + 1;
    this.constant = dense.length === 0 && sequence === undefined;
    this.dense = this.constant ? [CONSTANT] : dense;
    this.tables = tableColumns(schema);
    this.coders = this.tables.map((column) => new IdCoder(column, range, schema.text?.decimal));
    this.perStep = this.tables.map(({ name }) => sequences.some(({ of }) => of === name));
    this.lookups = this.tables.map((column, t) =>
      column.kind === "categorical list" ? column.most : this.perStep[t] ? this.steps! : 1
    );
    this.firsts = firstPlaces(this.lookups);
    this.places = sum(this.lookups);
    this.cut = new Uint32Array(this.tables.length);
    const byTime = schema.split?.by === "time";
    this.timeSlot = byTime ? this.places : -1;
    this.carried = byTime ? ["time"] : [];
    this.#denseSlots = new Map(this.dense.map((name, slot) => [name, slot]));
    this.#tables = new Map([
      ...this.tables.map(({ name }, t) => [name, t] as const),
      ...sequences.map(({ name, of }) =>
        [name, this.tables.findIndex((table) => table.name === of)] as const
      ),
    ]);
  }

  /** The dense column of a column of the schema. */
  denseSlot({ name }: LogColumn): number {
    return this.#denseSlots.get(name)!;
  }

  /** The id column of a categorical column; in a table of sequences it is the last step. */
  idSlot(table: number): number {
    return this.firsts[table]! + (this.perStep[table] ? this.steps! - 1 : 0);
  }

  /** The number of the table of a column of the schema. */
  tableOf({ name }: LogColumn): number {
    return this.#tables.get(name)!;
  }

  /** Puts a row's time where the split finds it and, of a time that is a dense value too, its hour of the day / 24. */
  putTime(block: RowBlock, row: number, column: LogColumn, seconds: number): void {
    if (column.kind === "time" && column.dense !== undefined) {
      block.dense[this.denseSlot(column) * block.stride + row] = hourOfDay(seconds);
    }
    if (this.timeSlot >= 0) block.ids[this.timeSlot * block.stride + row] = seconds;
  }
}

/** Of each table its first place among the places of all, by how many places each has. */
export function firstPlaces(lookups: readonly number[]): number[] {
  let next = 0;
  return lookups.map((some) => (next += some) - some);
}

/** The hour of the day (UTC) of a time in seconds since 1970, as a share of the day in [0, 1). */
export function hourOfDay(seconds: number): number {
  return Math.floor(seconds / HOUR_S) % DAY_H / DAY_H;
}
