/**
 * Predictions of published times by the same operations, systems and engine that the simulator uses.
 *
 * @module
 */

import { countParameters } from "../../train/model/presets.ts";
import { allreduce, type Context, type Precision } from "../context.ts";
import { runGraph } from "../engine.ts";
import { GraphBuilder } from "../graph.ts";
import { loadMachine, type Machine, machineOf, withRates } from "../machine.ts";
import { crossParameters } from "../multi_hot.ts";
import { START_PARAMETERS } from "../parameters.ts";
import { EAGER, type Program } from "../program.ts";
import { gpuOnly } from "../systems/gpu_only.ts";
import { CPU_BENCHMARK, NCCL_PCIE, type TimedModel, V100_ITERATIONS } from "./figures.ts";
import { type Measurement, MEASUREMENTS } from "./measurements.ts";

/** One prediction beside what was published. */
export interface Compared {
  readonly group: "iteration, ms" | "all-reduce, us" | "CPU iteration, ms" | "inputs a second";
  readonly what: string;
  readonly predicted: number;
  readonly published: number;
  /** (predicted - published) / published. */
  readonly error: number;
}

/** How an iteration runs beside its model and minibatch. */
export interface IterationOptions {
  /** GPUs, over which tables are dealt. Default 1. */
  readonly gpus?: number;
  /** Default `fp32`. */
  readonly precision?: Precision;
  /** Default: eager PyTorch. */
  readonly program?: Program | undefined;
  /** Cross layers in place of dot products. */
  readonly cross?: Context["shape"]["cross"] | undefined;
  /** Adam in place of SGD. */
  readonly adam?: boolean | undefined;
}

/** A timed model's iteration with all rows on GPUs of a machine, in milliseconds. */
export function predictIteration(
  model: Pick<TimedModel, "shape" | "pooling">,
  batch: number,
  machine: Machine,
  { gpus = 1, precision = "fp32", program = EAGER, cross, adam = false }: IterationOptions = {},
): number {
  const { shape, pooling } = model;
  const { table_rows: tableRows, dim, bottom, top } = shape;
  const plain = countParameters({ tableRows, dim, bottom, top });
  const tables = tableRows.length;
  const crossed = cross === undefined ? 0 : crossParameters((tables + 1) * dim, cross);
  const parameters = { ...plain, dense: plain.dense + crossed };
  const context: Context = {
    machine,
    parameters: START_PARAMETERS,
    gpus,
    precision,
    program,
    shape: { ...shape, parameters, ...(cross === undefined ? {} : { cross }) },
    adam,
    optimizer: "sgd",
    tables,
    steps: 1,
    each: tables * pooling,
    rowBytes: 4 * dim,
    denseBytes: 4 * parameters.dense,
    denseTensors: 2 * (bottom.length + top.length - 2),
    denseFeatures: bottom[0]!,
    hotRows: 0,
  };
  const lookups = batch * tables * pooling;
  const graph = new GraphBuilder();
  gpuOnly.minibatch(
    {
      kind: "all",
      inputs: batch,
      lookups,
      // Uniform draws: different rows of the tables, by the chance that a row is missed.
      unique_rows: tableRows.reduce(
        (n, rows) => n + rows * -Math.expm1(batch * pooling * Math.log1p(-1 / rows)),
        0,
      ),
      cold_lookups: 0,
      unique_cold_rows: 0,
    },
    context,
    graph,
  );
  return Math.max(runGraph(graph.tasks).makespan, program.leastHostUs ?? 0) / 1000;
}

/** Published throughputs beside their predictions, in thousands of inputs a second. */
export async function compareMeasurements(
  measurements: readonly Measurement[] = MEASUREMENTS,
): Promise<Compared[]> {
  const rows: Compared[] = [];
  for (const { what, machine: name, batch, shape, published, ...options } of measurements) {
    const machine = machineOf(await loadMachine(name));
    const ms = predictIteration({ shape, pooling: 1 }, batch, machine, options);
    rows.push(compared("inputs a second", what, batch / ms, published / 1000));
  }
  return rows;
}

/** All published iteration times beside their predictions. */
export function compareIterations(
  machine: Machine,
  models: readonly TimedModel[] = V100_ITERATIONS,
): Compared[] {
  return models.flatMap((model) =>
    Object.entries(model.iterationMs).map(([batch, published]) =>
      compared(
        "iteration, ms",
        `${model.name}, minibatch ${batch}`,
        predictIteration(model, Number(batch), machine),
        published,
      )
    )
  );
}

/** NCCL's points by the all-reduce of the systems, with latency and bandwidth of that machine's own plateaux. */
export function compareAllreduce(machine: Machine): Compared[] {
  const pcie = withRates(machine, {
    "peer.latency_us": NCCL_PCIE.latencyUs,
    "peer.bandwidth_gb_s": NCCL_PCIE.bandwidthGbS,
  });
  return NCCL_PCIE.points.map(({ bytes, us }) => {
    const graph = new GraphBuilder();
    allreduce(graph, { machine: pcie, gpus: NCCL_PCIE.gpus } as Context, bytes, []);
    const predicted = runGraph(graph.tasks).makespan;
    return compared("all-reduce, us", `${bytes / 1024} KiB, 4 V100 on PCIe 3`, predicted, us);
  });
}

/**
 * PyTorch's CPU benchmark: the cost of a lookup is taken from one row and predicts another row of the same software. The rows
 * differ in software otherwise, so no other pair says anything of the model.
 */
export function compareCpu(): Compared[] {
  const { rows, batch, tables, pooling, mlpGflop } = CPU_BENCHMARK;
  const lookups = batch * tables * pooling;
  // 28 cores at 2.4 GHz with two AVX-512 FMA units, at 65 % of that.
  const mlpMs = mlpGflop / (28 * 2.4 * 64 * 0.65) * 1000;
  const predict = (from: number, to: number): Compared => {
    const lookupMs = (rows[from]!.ms - mlpMs) / lookups;
    const predicted = mlpMs + lookupMs * lookups;
    return compared(
      "CPU iteration, ms",
      `${rows[to]!.software}, from ${rows[from]!.software}`,
      predicted,
      rows[to]!.ms,
    );
  };
  return [predict(0, 1), predict(4, 5)];
}

/** Published cost of a CPU lookup by software, in nanoseconds of the whole iteration. */
export function cpuLookupCosts(): { readonly software: string; readonly ns: number }[] {
  const { rows, batch, tables, pooling } = CPU_BENCHMARK;
  return rows.map(({ software, ms }) => ({ software, ns: 1e6 * ms / (batch * tables * pooling) }));
}

/** Geometric mean of 1 + |error|, less 1; and the largest |error|. */
export function errorsOf(
  rows: readonly Compared[],
): { readonly mean: number; readonly worst: number } {
  const sizes = rows.map(({ error }) => Math.abs(error));
  const logs = sizes.reduce((sum, size) => sum + Math.log1p(size), 0);
  return { mean: Math.expm1(logs / sizes.length), worst: Math.max(...sizes) };
}

/** Scalars that the iteration times may set, and their steps. */
const STEPS_US = steps(0, 3000, 50), GEMM_SHARES = steps(0.3, 0.8, 0.01);

/** A substrate fit: host time of an iteration in no operation, and the share of the peak that products reach. */
interface SubstrateFit {
  readonly stepUs: number;
  readonly gemmShare: number;
}

/** The pair on a grid that makes the mean error least. */
export function fitSubstrate(machine: Machine, models: readonly TimedModel[]): SubstrateFit {
  let best: SubstrateFit = { stepUs: 0, gemmShare: 0.5 }, least = Infinity;
  for (const stepUs of STEPS_US) {
    for (const gemmShare of GEMM_SHARES) {
      const { mean } = errorsOf(
        compareIterations(withSubstrate(machine, { stepUs, gemmShare }), models),
      );
      if (mean < least) {
        least = mean;
        best = { stepUs, gemmShare };
      }
    }
  }
  return best;
}

/** A machine with a substrate fit in force. */
function withSubstrate(machine: Machine, { stepUs, gemmShare }: SubstrateFit): Machine {
  return withRates(machine, { "framework.step_us": stepUs, "gpu.gemm_share": gemmShare });
}

/** Each model predicted by a fit to the other two. */
export function leaveOneModelOut(machine: Machine): {
  readonly fits: readonly (SubstrateFit & { readonly without: string })[];
  readonly rows: readonly Compared[];
} {
  const fits: (SubstrateFit & { without: string })[] = [], rows: Compared[] = [];
  for (const model of V100_ITERATIONS) {
    const fit = fitSubstrate(machine, V100_ITERATIONS.filter((other) => other !== model));
    fits.push({ ...fit, without: model.name });
    rows.push(...compareIterations(withSubstrate(machine, fit), [model]));
  }
  return { fits, rows };
}

function steps(from: number, to: number, by: number): number[] {
  return Array.from({ length: Math.round((to - from) / by) + 1 }, (_, i) => from + i * by);
}

function compared(
  group: Compared["group"],
  what: string,
  predicted: number,
  published: number,
): Compared {
  return { group, what, predicted, published, error: predicted / published - 1 };
}
