/** Results that no one measured, with every mark, scale and origin, for tests of the report. */

import type { Findings } from "../../bench/experiment.ts";
import type { Datum, Figure, Origin, Panel } from "../../figures/figure.ts";
import { type BenchDocument, buildDocument } from "../../bench/report.ts";

/** Of all results. */
export const WORKLOADS = ["RM1", "RM2", "RM3", "RM4"];
const STAGES = [
  ...["prepare", "gather", "upload", "forward", "interact", "backward", "download"],
  ...["update-rows", "update-dense", "allreduce", "sync-hot", "evaluate"],
];

/** Figures by what they show. */
export const FIGURES = {
  ratios: {
    name: "ratios",
    title: "Speedup of Slipstream over four training systems",
    caption: "A bar a system: what the model of the paper's machine predicts, beside the paper.",
    panels: [{
      title: "",
      mark: "bars",
      x: { label: "over" },
      y: { label: "ratio of times, higher is faster" },
      data: ["XDL", "Intel-optimised DLRM", "FAE", "Hotline"].flatMap((x, i): Datum[] => [
        {
          x,
          y: [1.71, 2.52, 1.13, 1.24][i]!,
          low: [1.64, 2.44, 1.1, 1.17][i]!,
          high: [1.78, 2.62, 1.17, 1.32][i]!,
          series: "Slipstream",
          origin: "predicted",
        },
        { x, y: [2, 2.4, 1.2, 1.175][i]!, series: "Slipstream", origin: "published" },
      ]),
      rules: [{ y: 1, label: "no gain" }],
    }],
  },
  workloads: {
    name: "workloads",
    title: "Speedup by workload and number of GPUs",
    caption: "Each workload on one, two and four GPUs; the paper's means as lines.",
    panels: [1, 2, 4].map((gpus) => ({
      title: `${gpus} ${gpus === 1 ? "GPU" : "GPUs"}`,
      mark: "bars" as const,
      x: { label: "workload" },
      y: { label: "speedup" },
      data: WORKLOADS.flatMap((x, w) =>
        ["XDL", "Intel DLRM", "FAE", "Hotline"].map((series, s): Datum => ({
          x,
          y: [1.7, 2.4, 1.1, 1.2][s]! + 0.07 * w + 0.02 * gpus,
          low: [1.6, 2.3, 1.07, 1.15][s]! + 0.07 * w + 0.02 * gpus,
          high: [1.8, 2.6, 1.15, 1.3][s]! + 0.07 * w + 0.02 * gpus,
          series,
          origin: "predicted",
        }))
      ),
      rules: [2.4, 2, 1.2, 1.175].map((y) => ({ y, label: `paper: ${y}` })),
    })),
  },
  stages: {
    name: "stages",
    title: "Where an iteration of the hybrid baseline goes (Figure 2)",
    caption: "Stages of a minibatch on each other; the host's work on rows leads.",
    panels: (["predicted", "measured"] as const).map((origin) => ({
      title: origin === "predicted" ? "On the paper's machine" : "On this machine",
      mark: "stacked" as const,
      x: { label: "workload" },
      y: { label: "share of the time, %" },
      data: WORKLOADS.flatMap((x, w) =>
        STAGES.map((series, s): Datum => ({
          x,
          y: 1 + (s * 7 + w * 3) % 14,
          series,
          origin,
        }))
      ),
    })),
  },
  access: {
    name: "access",
    title: "Access frequency of rows (Figure 3)",
    caption: "Rows by rank: a few get most lookups.",
    panels: WORKLOADS.map((title, w) => ({
      title,
      mark: "lines" as const,
      x: { label: "rank of the row", scale: "log" as const },
      y: { label: "accesses", scale: "log" as const },
      data: ["largest table", "all tables"].flatMap((series, s) =>
        Array.from({ length: 60 }, (_, i): Datum => {
          const x = 10 ** (i / 10);
          return { x, y: 1e6 * (s + 1) / x ** (0.9 + 0.05 * w), series, origin: "measured" };
        })
      ),
    })),
  },
  movement: {
    name: "movement",
    title: "Change of ten random hot rows over training (Figure 4)",
    caption: "Most move early and then hardly.",
    panels: [{
      title: "RM2",
      mark: "lines",
      x: { label: "hot minibatches trained" },
      y: { label: "largest change of a coordinate over the window" },
      data: Array.from({ length: 10 }, (_, r) =>
        Array.from({ length: 25 }, (_, i): Datum => ({
          x: i * 40,
          y: 0.02 * Math.exp(-i / (3 + r)) + 0.0004 * ((i * 7 + r * 3) % 5),
          series: `row ${r + 1}`,
          origin: "measured",
        }))).flat(),
    }],
  },
  quality: {
    name: "quality",
    title: "AUC when hot or cold inputs are skipped (Figure 5)",
    caption: "Means over seeds.",
    panels: WORKLOADS.slice(0, 2).map((title, w) => ({
      title,
      mark: "points" as const,
      x: { label: "plan" },
      y: { label: "AUC", zero: false },
      data: ["baseline", "skip-hot", "skip-cold", "slipstream"].flatMap((x, p): Datum[] => [
        {
          x,
          y: 0.78 - 0.012 * p + 0.02 * w,
          low: 0.777 - 0.012 * p + 0.02 * w,
          high: 0.783 - 0.012 * p + 0.02 * w,
          series: "twin",
          origin: "measured",
        },
        ...(p === 0
          ? [{ x, y: 0.8 + 0.005 * w, series: "log", origin: "published" as Origin }]
          : []),
      ]),
    })),
  },
  kernels: {
    name: "throughput",
    title: "Throughput of every kernel",
    caption: "On a logarithmic axis, with names that are long.",
    panels: [{
      title: "",
      mark: "bars",
      x: { label: "op and shape" },
      y: { label: "GFLOP/s", scale: "log" },
      data: Array.from({ length: 16 }, (_, i) =>
        ["CPU", "WebGPU"].map((series, s): Datum => ({
          x: `linear-backward-weights M=1024 K=${16 << (i % 5)} N=${i}`,
          y: 0.4 * 1.6 ** ((i * 5) % 11) * (s + 1),
          series,
          origin: "measured",
        }))).flat(),
    }],
  },
  agreement: {
    name: "agreement",
    title: "Predicted and measured time by minibatch",
    caption: "Bands are 95 % intervals.",
    panels: [{
      title: "",
      mark: "lines",
      x: { label: "minibatch, inputs", scale: "log" },
      y: { label: "ms a minibatch", scale: "log" },
      data: [256, 512, 1024, 2048, 4096].flatMap((x): Datum[] => [
        { x, y: x / 27, low: x / 29, high: x / 25, series: "RM2", origin: "measured" },
        { x, y: x / 24 + 2, low: x / 30, high: x / 20 + 4, series: "RM2", origin: "predicted" },
        { x, y: x / 15, series: "RM2", origin: "published" },
      ]),
    }],
  },
  scatter: {
    name: "scatter",
    secondary: true,
    title: "Predicted against measured time",
    caption: "A point a kind of minibatch.",
    panels: [{
      title: "",
      mark: "scatter",
      x: { label: "measured, ms", scale: "log" },
      y: { label: "predicted, ms", scale: "log" },
      data: [3, 40, 8, 21, 9, 300].map((x, i): Datum => ({
        x,
        y: x * (0.9 + 0.05 * i),
        series: "predicted",
        origin: "predicted",
      })),
      diagonal: "predicted = measured",
    }],
  },
} satisfies Record<string, Figure>;

const TRADEOFF: Panel = {
  title: "RM2, 60,000 inputs, 3 seeds",
  mark: "lines",
  x: { label: "time saved, % of fae's" },
  y: { label: "AUC beyond fae's" },
  data: [
    ...[0, 5, 10, 15].map((x): Datum => ({
      x,
      y: -0.0004 * x,
      low: -0.0004 * x - 0.001,
      high: -0.0004 * x + 0.001,
      series: "fae, stopped early",
      origin: "measured",
    })),
    { x: 11, y: -0.003, low: -0.005, high: -0.001, series: "slipstream", origin: "measured" },
  ],
};

/** A document with made-up findings. */
export function madeUp(
  name: string,
  title: string,
  findings: Partial<Findings>,
  settings: BenchDocument["settings"] = { seeds: 3, inputs: 60_000, scale: "reduced" },
  failure?: string,
): BenchDocument {
  return buildDocument(
    { name, title },
    { tables: [], notes: [], ...findings },
    {
      seconds: 12.34,
      command: `deno task bench ${name} --seeds 3`,
      settings,
      ...(failure === undefined ? {} : { failure }),
    },
  );
}

/** The same device in all of them. */
const DEVICE = { kind: "cpu", name: "WASM SIMD, 2 threads", isFallbackAdapter: false } as const;
const SHARED = "Inputs are those of twins at reduced sizes: AUC is the twins'.";

/** Documents of many experiments, one of them failed. */
export function madeUpDocuments(): BenchDocument[] {
  const fixed = (digits: number) => ({ format: (value: number) => value.toFixed(digits) });
  return [
    madeUp("speedup", "Speedup over four systems (the headline)", {
      tables: [{
        title: "Slipstream on the paper's machine, four GPUs, full size",
        origin: "predicted",
        short: true,
        columns: [
          { name: "ratio of times" },
          { name: "paper", origin: "published", ...fixed(3) },
          { name: "here", ...fixed(2) },
          { name: "95 % interval", align: "right" },
        ],
        rows: [
          ["over XDL", 2, 1.71, "1.64 to 1.78"],
          ["over Intel-optimised DLRM", 2.4, 2.52, "2.44 to 2.62"],
          ["over FAE", 1.2, 1.13, "1.10 to 1.17"],
          ["Hotline with Slipstream over Hotline", 1.175, 1.24, "1.17 to 1.32"],
        ],
      }],
      figures: [FIGURES.ratios, FIGURES.workloads],
      calculator: [{
        ...{ workload: "RM2", machine: "v100x4, 4 GPUs", hot_share: 0.6, drop_share: 0.3 },
        systems: [
          { system: "FAE", cold_s: 100, hot_s: -60, skipped_s: 0 },
          { system: "Slipstream", cold_s: 100, hot_s: -60, skipped_s: 30 },
        ],
      }],
      headline: "Slipstream is 1.13 times as fast as FAE by a model",
      outcome: { state: "reproduced in part", why: "two of four are within their ranges" },
      notes: [
        "XDL's interval leaves the published 2.0 out: the chain of ratios is not consistent.",
      ],
    }),
    madeUp("plans", "Plans on this machine", {
      tables: [{
        title: "Training here, twins at reduced sizes",
        short: true,
        columns: [
          { name: "workload" },
          { name: "plan" },
          { name: "AUC", ...fixed(4) },
          { name: "log-loss", ...fixed(4) },
          { name: "wall time, s", ...fixed(1) },
          { name: "bytes moved, MB", ...fixed(0) },
          { name: "hot inputs dropped, %", ...fixed(1) },
        ],
        rows: WORKLOADS.flatMap((workload, w) =>
          ["baseline", "fae", "slipstream"].map((plan, p) => [
            workload,
            plan,
            0.78 - 0.003 * p + 0.01 * w,
            0.46 + 0.002 * p,
            5.2 - p,
            310 - 90 * p,
            p === 2 ? 28.4 : null,
          ])
        ),
      }],
      device: DEVICE,
      headline: "Skipping costs an AUC of 0.003 here",
      tradeoff: TRADEOFF,
      notes: [SHARED, "One seed: no interval is given."],
    }),
    madeUp("breakdown", "Where the time goes (Figure 2)", { figures: [FIGURES.stages] }),
    madeUp("skew", "Access frequency (Figure 3)", { figures: [FIGURES.access], notes: [SHARED] }),
    madeUp("staleness", "Movement of hot rows (Figure 4)", {
      figures: [FIGURES.movement],
      device: DEVICE,
      notes: [SHARED],
    }),
    madeUp("naive-skip", "Skipping all hot or all cold inputs (Figure 5)", {
      figures: [FIGURES.quality],
      device: DEVICE,
    }),
    madeUp("kernels", "Kernels against the machine's limits", {
      figures: [FIGURES.kernels],
      tables: [{
        // Long enough to be closed at first.
        title: "Every op",
        columns: ["op", "shape", "µs", "GFLOP/s", "GB/s", "of the limit, %"].map((name) => ({
          name,
        })),
        rows: Array.from({ length: 30 }, (_, i) => [
          "linear-backward-weights",
          `M=1024 K=${16 * (i + 1)} N=512`,
          120 + i,
          70 + i,
          3 + i,
          61,
        ]),
      }],
      device: DEVICE,
    }),
    madeUp("peers", "Beside PyTorch", {}, {}, "Cannot compare with PyTorch: no Python was found"),
    madeUp("validate", "Simulator against runs", { figures: [FIGURES.agreement, FIGURES.scatter] }),
  ];
}
