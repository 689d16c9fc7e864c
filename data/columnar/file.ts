/**
 * Files that hold columns and not lines: what reading them gives, whatever their format.
 *
 * @module
 */

/** Values of a column, as JavaScript has them: numbers, bigints, texts, booleans, dates, bytes, lists; null for missing. */
export type ColumnValues = ArrayLike<unknown>;

/** Rows that are read together, because the file holds them together. */
export interface RowGroup {
  readonly rows: number;
  /** The values of a column, one a row. */
  read(column: string): Promise<ColumnValues>;
}

/** An open file of columns. */
export interface ColumnarFile {
  /** Names of the columns, in order. */
  readonly names: readonly string[];
  /** The rows in groups, in order. */
  groups(): AsyncIterable<RowGroup>;
}
