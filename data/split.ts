/**
 * Which inputs train and which test, by position.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import type { Split } from "./types.ts";

/** A run of inputs. */
export interface Range {
  readonly start: number;
  readonly count: number;
}

/** The three splits, in the order in which they are drawn and told of. */
export const SPLITS: readonly Split[] = ["train", "test", "validation"];

/** The three splits of a data set. */
export type Splits = Readonly<Record<Split, Range>>;

/**
 * Seven equal contiguous pieces (the first `rows mod 7` one longer): six train; of the seventh the first half tests
 * and the second validates. DLRM's rule for Criteo Kaggle, whose pieces it calls days.
 *
 * @throws UserError below seven inputs.
 */
export function splitSevenths(rows: number): Splits {
  if (rows < 7) {
    throw new UserError(
      `Cannot split ${rows} input${
        rows === 1 ? "" : "s"
      } into train and test: at least 7 are needed`,
    );
  }
  return holdOut(rows, Math.floor(rows / 7));
}

/**
 * The last file held out: its first half tests, its second half validates. DLRM's rule for Criteo Terabyte.
 *
 * @param fileRows Inputs of each file, at least two files.
 * @throws UserError if nothing is left to train or test with.
 */
export function splitLastFile(fileRows: readonly number[]): Splits {
  const rows = fileRows.reduce((sum, count) => sum + count, 0);
  const last = fileRows.at(-1) ?? 0;
  if (fileRows.length < 2 || last === 0 || rows === last) {
    throw new UserError(
      `Cannot hold the last file out for testing: the files have ${fileRows.join(" and ")} inputs`,
    );
  }
  return holdOut(rows, last);
}

/** All inputs, in the order of the files, to test with: for a log that is scored. */
export function splitNone(rows: number): Splits {
  const end = { start: rows, count: 0 };
  return { train: { start: 0, count: 0 }, test: { start: 0, count: rows }, validation: end };
}

/**
 * The end held out: of so many rows the last shares test and validate, in this order.
 *
 * @throws UserError if nothing is left to train or test with.
 */
export function splitShares(rows: number, testShare: number, validationShare: number): Splits {
  const test = Math.round(rows * testShare), validation = Math.round(rows * validationShare);
  return splitCounts(rows - test - validation, test, validation);
}

/**
 * Rows that train, test and validate one after another, from separate files.
 *
 * @throws UserError if nothing is left to train or test with.
 */
export function splitCounts(train: number, test: number, validation: number): Splits {
  if (train <= 0 || test === 0) {
    throw new UserError(
      `Cannot split into train and test: ${Math.max(0, train)} inputs would train and ${test} test`,
    );
  }
  return {
    train: { start: 0, count: train },
    test: { start: train, count: test },
    validation: { start: train + test, count: validation },
  };
}

function holdOut(rows: number, held: number): Splits {
  const train = rows - held, test = Math.ceil(held / 2);
  return {
    train: { start: 0, count: train },
    test: { start: train, count: test },
    validation: { start: train + test, count: held - test },
  };
}
