/**
 * A workload whose rows do not fit a machine of 2020: the sizes of MLPerf's DLRM-DCNv2, multi-hot Criteo with rows of 128
 * floats. It is computed, not counted: MLPerf draws every id of an input but the first of each table evenly, so that numbers of
 * different rows follow from the sizes. Vectors and dense features go through three cross layers of rank 512.
 *
 * Sizes: mlcommons/logging#300 (rows), facebookresearch/dlrm torchrec_dlrm/README.MD (ids a table and input, cross layers).
 *
 * @module
 */

import { countParameters } from "../train/model/presets.ts";
import { TRACE_SCHEMA_VERSION, type TraceHeader } from "../train/trace/schema.ts";
import type { CountedTrace } from "./work.ts";

/** Rows of each table, capped at 40 million. */
const TABLE_ROWS = [
  ...[40_000_000, 39_060, 17_295, 7424, 20_265, 3, 7122, 1543, 63, 40_000_000, 3_067_956, 405_282],
  ...[10, 2209, 11_938, 155, 4, 976, 14, 40_000_000, 40_000_000, 40_000_000, 590_152, 12_973, 108],
  36,
] as const;
/** Ids an input has in each table. */
const IDS = [
  ...[3, 2, 1, 2, 6, 1, 1, 1, 1, 7, 3, 8, 1, 6, 9, 5, 1, 1, 1, 12, 100, 27, 10, 3, 1, 1],
] as const;
const CROSS = { layers: 3, rank: 512 } as const;
const DIM = 128, BATCH = 1024;
/** Training inputs of Criteo Terabyte. */
const INPUTS = 4_195_197_692;
/** Memory for hot rows, as of the other workloads. */
const HOT_BYTES = 2 ** 28;

/** Parameters of cross layers over so many floats: of a layer two weights of low rank, and a bias of each. */
export function crossParameters(
  width: number,
  { layers, rank }: NonNullable<TraceHeader["model"]["cross"]>,
): number {
  return layers * (2 * width * rank + rank + width);
}

/**
 * The counted trace. Rows rank by how often they are looked up, so that whole tables are hot, the small ones. No input is hot:
 * each has a hundred ids in a table of 40 million rows.
 */
export function multiHotTrace(): CountedTrace {
  const each = IDS.reduce<number>((a, b) => a + b, 0);
  const bottom = [13, 512, 256, DIM];
  const width = (TABLE_ROWS.length + 1) * DIM;
  const top = [width, 1024, 1024, 512, 256, 1];
  const hot = hotTables(HOT_BYTES / (4 * DIM));
  const ids = (tables: readonly number[]) => tables.reduce((sum, t) => sum + IDS[t]!, 0);
  const all = TABLE_ROWS.map((_, t) => t), cold = all.filter((t) => !hot.includes(t));
  const hotRows = hot.reduce((sum, t) => sum + TABLE_ROWS[t]!, 0);
  const record = {
    kind: "cold",
    epoch: 0,
    inputs: BATCH,
    lookups: BATCH * each,
    unique_rows: Math.round(differentRows(all)),
    cold_lookups: BATCH * ids(cold),
    unique_cold_rows: Math.round(differentRows(cold)),
    skipped_inputs: 0,
  } as const;
  const plain = countParameters({ tableRows: [...TABLE_ROWS], dim: DIM, bottom, top });
  const parameters = { ...plain, dense: plain.dense + crossParameters(width, CROSS) };
  const header: TraceHeader = {
    schema: "slipstream.trace",
    schema_version: TRACE_SCHEMA_VERSION,
    origin: "counts",
    model: {
      table_rows: TABLE_ROWS,
      lookups: IDS,
      dim: DIM,
      bottom,
      top,
      cross: CROSS,
      parameters,
    },
    optimizer: "adagrad",
    batch: BATCH,
    lookups_per_input: each,
    dataset: { hash: "mlperf-dcnv2", format: "multi-hot Criteo", train_inputs: INPUTS },
    plan: {
      name: "fae",
      options: {},
      hot: {
        memory_bytes: hotRows * 4 * DIM,
        rows: hotRows,
        rows_per_table: all.map((t) => hot.includes(t) ? TABLE_ROWS[t]! : 0),
        least_accesses: 1,
        profiled: INPUTS,
        hot_inputs: 0,
        cold_inputs: INPUTS,
      },
      decisions: [],
      trained_inputs: INPUTS,
      skipped_inputs: 0,
      rounds: [],
      preparation_ms: 0,
      watched: null,
    },
    placement: "hot",
    device: null,
    host: null,
    environment: null,
    stage_resolution: "interval",
  };
  return { header, runs: [{ record, times: Math.round(INPUTS / BATCH) }] };
}

/** Tables of which every row is among the most looked up that fit: those with the most lookups a row. */
function hotTables(budget: number): number[] {
  const ranked = TABLE_ROWS.map((_, t) => t)
    .sort((a, b) => IDS[b]! / TABLE_ROWS[b]! - IDS[a]! / TABLE_ROWS[a]!);
  const hot: number[] = [];
  let rows = 0;
  for (const t of ranked) {
    if (rows + TABLE_ROWS[t]! > budget) break;
    rows += TABLE_ROWS[t]!;
    hot.push(t);
  }
  return hot;
}

/** Expected different rows that a minibatch looks up in some tables, ids drawn evenly. */
function differentRows(tables: readonly number[]): number {
  return tables.reduce((sum, t) => {
    const rows = TABLE_ROWS[t]!;
    return sum + rows * -Math.expm1(BATCH * IDS[t]! * Math.log1p(-1 / rows));
  }, 0);
}
