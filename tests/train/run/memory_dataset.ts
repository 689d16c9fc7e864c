/** A data set of made-up inputs held in arrays, with 3/4 to train on and the rest to test. */

import { RandomStream } from "../../../core/random.ts";
import { RowReader } from "../../../data/row_reader.ts";
import type { Dataset, DatasetSchema, Inputs, Order, Reader, Split } from "../../../data/types.ts";

export interface MemoryDataset extends Dataset {
  /** Which inputs a training reader has given, in order. */
  readonly seen: number[];
  /** Whether it has been closed. */
  readonly closed: boolean;
}

/** Inputs with 3 dense columns and tables of 5, 1, 40 and 7 rows; the label follows a column and an id, with noise. */
export function memoryDataset(inputs: number, seed = 1): MemoryDataset {
  const tableRows = [5, 1, 40, 7], columns = 3;
  const random = new RandomStream(seed, "synthetic");
  let p = 0;
  const dense = Float32Array.from({ length: inputs * columns }, () => random.normal(p++));
  const ids = tableRows.map((rows) =>
    Uint32Array.from({ length: inputs }, () => Math.floor(random.uniform(p++) ** 2 * rows))
  );
  const labels = Float32Array.from({ length: inputs }, (_, i) => {
    const z = 2 * dense[i * columns]! + (ids[0]![i]! % 2 === 0 ? 1.5 : -1.5);
    return Number(random.uniform(p++) < 1 / (1 + Math.exp(-z)));
  });
  const first: Record<Split, number> = {
    train: 0,
    test: Math.floor(inputs * 0.75),
    validation: inputs,
  };
  const count = (split: Split): number =>
    split === "train" ? first.test : split === "test" ? inputs - first.test : 0;
  const seen: number[] = [];
  const schema: DatasetSchema = {
    format: "made up",
    dense: ["a", "b", "c"],
    tables: tableRows.map((rows, t) => ({ name: `T${t}`, rows })),
  };
  let closed = false;
  const close = (): void => {
    closed = true;
  };
  return {
    get closed(): boolean {
      return closed;
    },
    schema,
    hash: "0".repeat(64),
    notes: [],
    bayes: null,
    seen,
    count,
    reader(split: Split, order: Order): Reader {
      return new RowReader(schema, order, {
        count: count(split),
        write(row: number, into: Inputs, b: number, size: number): void {
          const i = first[split] + row;
          if (split === "train") seen.push(row);
          into.dense.set(dense.subarray(i * columns, (i + 1) * columns), b * columns);
          ids.forEach((column, t) => into.ids[t * size + b] = column[i]!);
          into.labels[b] = labels[i]!;
        },
      });
    },
    close,
    [Symbol.dispose]: close,
  };
}
