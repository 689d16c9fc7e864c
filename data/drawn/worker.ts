/**
 * A worker of `drawRows`: opens the data set once, then draws blocks of rows.
 *
 * @module
 */

import { serveTasks } from "../../core/serve_tasks.ts";
import { idLayout, idsToRow } from "../id_layout.ts";
import { createInputs } from "../inputs.ts";
import { openShared, type SharedDataset } from "../shared_dataset.ts";
import type { Dataset, Split } from "../types.ts";
import { rowLayout } from "./rows.ts";

/** What a worker is to do. */
export type DrawTask =
  | { readonly kind: "open"; readonly dataset: SharedDataset }
  /** Draws rows of a split into shared memory. */
  | {
    readonly kind: "draw";
    readonly split: Split;
    readonly first: number;
    readonly count: number;
    readonly rows: SharedArrayBuffer;
  };

/** Inputs read at a time: what they fill stays in the processor's cache until it stands in rows. */
const AT_ONCE = 256;

let dataset: Dataset;

async function perform(task: DrawTask): Promise<null> {
  if (task.kind === "open") {
    dataset = await openShared(task.dataset);
    return null;
  }
  const { schema } = dataset, { ids, dense, words } = rowLayout(schema);
  const layout = idLayout(schema);
  const rows = new Uint32Array(task.rows), floats = new Float32Array(task.rows);
  const reader = dataset.reader(task.split, { kind: "sequential" });
  const into = createInputs(schema, AT_ONCE);
  for (let done = 0; done < task.count; done += AT_ONCE) {
    const size = Math.min(AT_ONCE, task.count - done);
    await reader.read(task.first + done, size, into);
    for (let b = 0; b < size; b++) {
      const row = (done + b) * words;
      idsToRow(layout, into.ids, size, b, rows, row);
      for (let j = 0; j < dense; j++) floats[row + ids + j] = into.dense[b * dense + j]!;
      rows[row + ids + dense] = into.labels[b]!;
    }
  }
  return null;
}

if (import.meta.main) serveTasks(perform);
