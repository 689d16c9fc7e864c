/**
 * Data sets as other threads open them: what a worker needs, to be sent to it as a message.
 *
 * @module
 */

import { BlockStore } from "./block_store.ts";
import { RowFileDataset, type RowFileParts } from "./drawn/row_file.ts";
import type { Manifest } from "./manifest.ts";
import { MaterialisedDataset, type SplitRows } from "./materialised.ts";
import { PreparedDataset } from "./prepared_dataset.ts";
import { SyntheticDataset, type SyntheticParts } from "./synthetic.ts";
import { withTrainInputs } from "./train_subset.ts";
import { openTwin, type TwinOptions } from "./twin/open.ts";
import type { Dataset, DatasetSchema, Split } from "./types.ts";

/**
 * A data set that a message can hold. What is large in it is shared memory.
 *
 * @internal
 */
export type SharedDataset =
  /** Drawn again by each thread. */
  | { readonly kind: "twin"; readonly options: TwinOptions }
  | { readonly kind: "synthetic"; readonly parts: SyntheticParts }
  /** Arrays in shared memory. */
  | {
    readonly kind: "arrays";
    readonly schema: DatasetSchema;
    readonly rows: Readonly<Record<Split, SplitRows>>;
  }
  /** A file of rows. */
  | { readonly kind: "row-file"; readonly path: string; readonly parts: RowFileParts }
  /** A cache on the disk, of which splits that fit in memory are shared. */
  | {
    readonly kind: "prepared";
    readonly folder: string;
    readonly manifest: Manifest;
    readonly budget: number;
    readonly held: ReadonlyMap<Split, Uint32Array>;
  }
  /** Another one, of whose training inputs some are left. */
  | { readonly kind: "subset"; readonly of: SharedDataset; readonly kept: Uint32Array };

/**
 * How many threads are worth having a data set open. To read from memory takes so little time that a few keep any device
 * busy, and to draw takes more. Where blocks of a cache are read in windows each thread would hold a window, and of user
 * histories each keeps up to 128 MiB.
 */
export function mostThreads(shared: SharedDataset, schema: DatasetSchema): number {
  switch (shared.kind) {
    case "arrays":
    case "row-file":
      return 6;
    case "prepared":
      return shared.held.has("train") ? 6 : 1;
    case "twin":
      return schema.steps === undefined ? 16 : 6;
    case "synthetic":
      return 16;
    case "subset":
      return mostThreads(shared.of, schema);
  }
}

/** Opens a data set in this thread as another thread has it. */
export async function openShared(shared: SharedDataset): Promise<Dataset> {
  switch (shared.kind) {
    case "twin":
      return await openTwin(shared.options);
    case "synthetic":
      return new SyntheticDataset(shared.parts.options, shared.parts);
    case "arrays": {
      const { schema, rows } = shared;
      return new MaterialisedDataset({ schema, rows, hash: "", notes: [], bayes: null });
    }
    case "row-file":
      return new RowFileDataset(shared.path, shared.parts);
    case "subset":
      return withTrainInputs(await openShared(shared.of), shared.kept);
    case "prepared": {
      const { folder, manifest, budget, held } = shared;
      const store = await BlockStore.open(folder, manifest);
      return new PreparedDataset(folder, manifest, store, budget, "", held);
    }
  }
}
