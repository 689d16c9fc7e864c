/**
 * The row format of the Criteo click logs, Kaggle and Terabyte alike: label, 13 integers, 26 hexadecimal ids,
 * separated by TAB, no header.
 *
 * @module
 */

/** Integer columns of a Criteo row. */
export const CRITEO_DENSE = 13;
/** Categorical columns of a Criteo row. */
export const CRITEO_TABLES = 26;
/** Columns of a Criteo row: label, integers, ids. */
export const CRITEO_COLUMNS: number = 1 + CRITEO_DENSE + CRITEO_TABLES;

/** Names of the integer columns, `I1` … `I13`. */
export const CRITEO_DENSE_NAMES: readonly string[] = Array.from(
  { length: CRITEO_DENSE },
  (_, j) => `I${j + 1}`,
);
/** Names of the categorical columns, `C1` … `C26`. */
export const CRITEO_TABLE_NAMES: readonly string[] = Array.from(
  { length: CRITEO_TABLES },
  (_, t) => `C${t + 1}`,
);
