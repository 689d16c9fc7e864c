/**
 * Launches of the embedding ops: one a shard, over the tables that overlap it.
 *
 * @module
 */

import { checkHighestRow } from "../shapes.ts";
import type { EmbeddingBackwardArgs, EmbeddingForwardArgs } from "../types.ts";
import { composeLaneKernels, laneFloats, type LaunchContext } from "../webgpu/kernel.ts";
import { LONG_SEGMENT, type WebGpuLookups } from "../webgpu/lookups.ts";
import type { WebGpuTables } from "../webgpu/tables.ts";
import backwardSource from "./backward.wgsl" with { type: "text" };
import forwardSource from "./forward.wgsl" with { type: "text" };
import lookupsSource from "./lookups.wgsl" with { type: "text" };

const THREADS = 256;

const forwardKernels = composeLaneKernels(
  "embedding-forward",
  ["read", "read", "write"],
  lookupsSource,
  forwardSource,
);

const backwardKernels = composeLaneKernels(
  "embedding-backward",
  ["read", "read", "read", "write", "write", "write"],
  lookupsSource,
  backwardSource,
);

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
    context.launch({
      kernel: forwardKernels[lane],
      overrides: {},
      bindings: [context.buffer(lookups.buffer), context.buffer(shard.rows), context.matrix(out)],
      params: [
        ...[firstTable, endTable, shard.begin, shard.end, Number(shard.firstBeginsHere)],
        ...[lanes, out.offset / lane, out.stride / lane, firstSlot],
      ],
      groups: () => {
        checkWritten("embedding-forward", "out", out.rows, lookups, tables);
        return Math.ceil((endTable - firstTable) * lookups.bags * lanes / THREADS);
      },
    });
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
    context.launch({
      kernel: backwardKernels[lane],
      overrides: { OPTIMIZER: OPTIMIZER[optimizer.kind], WIDTH: width, LONG_SEGMENT },
      bindings: [
        context.buffer(lookups.buffer),
        context.matrix(grad),
        context.scalar(learningRate),
        context.buffer(shard.rows),
        optimizer.kind === "adagrad" ? state : "unused",
        optimizer.kind === "rowwise-adagrad" ? state : "unused",
      ],
      params: [
        ...[firstTable, endTable, shard.begin, shard.end],
        ...[lanes, grad.offset / lane, grad.stride / lane, firstSlot],
        ...[learningRate.index, { float: optimizer.kind === "sgd" ? 0 : optimizer.eps }],
      ],
      groups: () => {
        checkWritten("embedding-backward", "grad", grad.rows, lookups, tables);
        return lookups.longs(firstTable, endTable) +
          Math.ceil(lookups.unique(firstTable, endTable) * width / THREADS);
      },
    });
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
