/**
 * Launches of the embedding ops: one a shard, over the tables that overlap it.
 *
 * @module
 */

import { checkHighestRow } from "../shapes.ts";
import { composeLaneKernels, laneFloats, lanePlace, type LaunchContext } from "../webgpu/kernel.ts";
import type { WebGpuLookups } from "../webgpu/lookups.ts";
import type { WebGpuTables } from "../webgpu/tables.ts";
import backwardSource from "./backward.wgsl" with { type: "text" };
import forwardSource from "./forward.wgsl" with { type: "text" };
import lookupsSource from "./lookups.wgsl" with { type: "text" };
import type { EmbeddingBackwardArgs, EmbeddingForwardArgs } from "./op.ts";

const THREADS = 256;

const forwardKernels = composeLaneKernels({
  name: "embedding-forward",
  params: {
    first_table: "u32",
    end_table: "u32",
    // Flat rows of the shard.
    shard_begin: "u32",
    shard_end: "u32",
    // 1 if the first table's own first row lies here.
    first_begins_here: "u32",
    // In lanes, as all that follows.
    lanes: "u32",
    out: "place",
    first_slot: "u32",
  },
  buffers: { lookups: "read u32", shard: "read Lane", out: "write Lane" },
  sources: [lookupsSource, forwardSource],
});

const backwardKernels = composeLaneKernels({
  name: "embedding-backward",
  params: {
    first_table: "u32",
    end_table: "u32",
    shard_begin: "u32",
    shard_end: "u32",
    // In lanes, as all that follows to first_slot.
    lanes: "u32",
    grad: "place",
    first_slot: "u32",
    rate: "u32",
    eps: "f32",
  },
  buffers: {
    lookups: "read u32",
    grad: "read Lane",
    rates: "read f32",
    shard: "write Lane",
    lane_state: "write Lane",
    row_state: "write f32",
  },
  sources: [lookupsSource, backwardSource],
});

const OPTIMIZER = { "sgd": 0, "adagrad": 1, "rowwise-adagrad": 2 } as const;

/** Sum-pooled gather. A table that spans shards is summed by ordered launches. */
export function launchEmbeddingForward(context: LaunchContext, args: EmbeddingForwardArgs): void {
  const { out, firstSlot } = args;
  const tables = context.tables(args.tables);
  const lookups = context.lookups(args.lookups);
  const lane = laneFloats(tables.dim);
  const lanes = tables.dim / lane;
  for (const shard of tables.shards) {
    const { firstTable, endTable } = shard;
    context.launch(forwardKernels[lane].launch({
      params: {
        first_table: firstTable,
        end_table: endTable,
        shard_begin: shard.begin,
        shard_end: shard.end,
        first_begins_here: Number(shard.firstBeginsHere),
        lanes,
        out: lanePlace(out, lane),
        first_slot: firstSlot,
      },
      buffers: {
        lookups: context.buffer(lookups.buffer),
        shard: context.buffer(shard.rows),
        out: context.matrix(out),
      },
      groups: () => {
        checkWritten("embedding-forward", "out", out.rows, lookups, tables);
        return Math.ceil((endTable - firstTable) * lookups.bags * lanes / THREADS);
      },
    }));
  }
}

/** Segment sums and one update of each different row. */
export function launchEmbeddingBackward(context: LaunchContext, args: EmbeddingBackwardArgs): void {
  const { grad, firstSlot, optimizer, learningRate } = args;
  const tables = context.tables(args.tables);
  const lookups = context.lookups(args.lookups);
  const lane = laneFloats(tables.dim);
  const lanes = tables.dim / lane;
  const width = 2 ** Math.ceil(Math.log2(lanes));
  for (const shard of tables.shards) {
    const { firstTable, endTable } = shard;
    const state = shard.state === null ? "unused" : context.buffer(shard.state);
    context.launch(backwardKernels[lane].launch({
      overrides: {
        OPTIMIZER: OPTIMIZER[optimizer.kind],
        WIDTH: width,
        LONG_SEGMENT: lookups.longSegment,
      },
      params: {
        first_table: firstTable,
        end_table: endTable,
        shard_begin: shard.begin,
        shard_end: shard.end,
        lanes,
        grad: lanePlace(grad, lane),
        first_slot: firstSlot,
        rate: learningRate.index,
        eps: optimizer.kind === "sgd" ? 0 : optimizer.eps,
      },
      buffers: {
        lookups: context.buffer(lookups.buffer),
        grad: context.matrix(grad),
        rates: context.scalar(learningRate),
        shard: context.buffer(shard.rows),
        lane_state: optimizer.kind === "adagrad" ? state : "unused",
        row_state: optimizer.kind === "rowwise-adagrad" ? state : "unused",
      },
      groups: () => {
        checkWritten("embedding-backward", "grad", grad.rows, lookups, tables);
        return lookups.longs(firstTable, endTable) +
          Math.ceil(lookups.unique(firstTable, endTable) * width / THREADS);
      },
    }));
  }
}

/** Checks the minibatch written last. A row that no shard has would be passed over. */
function checkWritten(
  op: string,
  name: string,
  rows: number,
  { bags, highestRow }: WebGpuLookups,
  tables: WebGpuTables,
): void {
  if (bags > rows) {
    throw new RangeError(
      `Cannot run ${op}: the lookups hold ${bags} bags a table, but ${name} has ${rows} rows`,
    );
  }
  checkHighestRow(op, highestRow, tables);
}
