/**
 * A calibration as a machine file.
 *
 * @module
 */

import {
  checkMachine,
  MACHINE_FIELDS,
  MACHINE_SCHEMA_VERSION,
  type MachineDocument,
  type Quantity,
} from "../machine.ts";
import { costAt, type CostTable } from "../runtime/cost_table.ts";
import type { Fingerprint, RuntimeRates } from "../runtime/rates.ts";

/** What a document is made of. */
interface DocumentParts {
  readonly name: string;
  readonly costs: Readonly<Record<string, CostTable>>;
  readonly fingerprint: Fingerprint;
  readonly quick: boolean;
  /** What the watch found, where there was one. */
  readonly watched?: Required<Pick<RuntimeRates, "reference" | "disturbed">>;
  /** Command, date, processor, version. */
  readonly source: string;
}

/**
 * The machine file: the runtime's costs, and from them the numbers that other systems' models ask for, with the device as the
 * one GPU. What the machine does not have (a link between GPUs) or what is not measured on it is `computed` or `recalled`,
 * and its source says so.
 */
export function machineDocument(parts: DocumentParts): MachineDocument {
  const { name, costs, fingerprint, quick, source } = parts;
  const { cpu_model, threads, device, device_name } = fingerprint;
  /** What a table says somewhere, turned into a rate, with its error bars. */
  const from = (
    table: string,
    place: readonly number[],
    rate: (cost: number) => number,
    what: string,
  ): Quantity => {
    const { axes, value, low, high } = costs[table]!;
    const at = (values: readonly number[]): number => rate(costAt({ axes, value: values }, place));
    const ends = [at(value), at(low), at(high)];
    return {
      value: ends[0]!,
      low: Math.min(...ends),
      high: Math.max(...ends),
      kind: "measured",
      source: `${what}; ${source}`,
    };
  };
  const computed = (value: number, what: string): Quantity => ({
    value,
    kind: "computed",
    source: `${what}; ${source}`,
  });
  const product = costs["linear-forward"]!;
  const largest = product.axes.map(({ at }) => at.at(-1)!);
  const flops = (place: readonly number[]) => 2 * place.reduce((n, x) => n * x, 1);
  const gflops = (place: readonly number[]) => (us: number) => flops(place) / us / 1000;
  const peak = from("linear-forward", largest, gflops(largest), "largest product of the grid");
  const typical = product.axes.map(({ at }) => at[Math.floor(at.length / 2)]!);
  const share = gflops(typical)(costAt(product, typical)) / peak.value;
  const biggest = costs["copy"]!.axes[0]!.at.at(-1)!;
  const smallest = costs["write"]!.axes[0]!.at[0]!;
  const gbS = (bytes: number) => (us: number) => bytes / us / 1000;
  const copied = from("copy", [biggest], gbS(2 * biggest), "copy of an array, read and written");
  const rows = costs["embedding-forward/row"]!;
  const [dims, tables] = rows.axes as [typeof rows.axes[number], typeof rows.axes[number]];
  const rowPlace = [dims.at[0]!, tables.at.at(-1)!];
  const rowBytes = 4 * dims.at[0]!;
  // A row costs a lookup and what a different one adds; the sum is above 0 where each may round to 0.
  const rowNs = (us: number): number =>
    Math.max(0.1, us + costAt(costs["embedding-forward/lookup"]!, rowPlace));
  const random = from(
    "embedding-forward/row",
    rowPlace,
    (ns) => rowBytes / rowNs(ns),
    "gather of different rows from the largest tables",
  );
  const upload = from("write", [biggest], gbS(biggest), "upload of an array");
  const download = from("read", [biggest], gbS(biggest), "download of an array");
  const launch = from("run", [], (us) => us, "start of a program");
  const none = computed(0, "the runtime has no framework between it and its kernels");
  const document: MachineDocument = {
    schema: "slipstream.machine",
    schema_version: MACHINE_SCHEMA_VERSION,
    name,
    title: `Slipstream on ${
      cpu_model ?? "an unnamed CPU"
    }, ${device} (${device_name}), ${threads} ${threads === 1 ? "thread" : "threads"}${
      quick ? ", quick: figures mean nothing" : ""
    }`,
    cpu: {
      sockets: computed(1, "logical processors are taken for one socket"),
      cores: computed(fingerprint.cpus, "logical processors that the system names"),
      gflop_s: peak,
      dram_stream_gb_s: copied,
      dram_random_gb_s: random,
    },
    link: {
      generation: computed(1, "no PCIe link is measured: the rates beside this one are of copies"),
      lanes: computed(1, "no PCIe link is measured: the rates beside this one are of copies"),
      pinned_upload_gb_s: upload,
      pinned_download_gb_s: download,
      pageable_gb_s: upload,
      latency_us: from("write", [smallest], (us) => us, "upload of the smallest array"),
    },
    gpu: {
      count: computed(1, "the device is the one GPU"),
      gflop_s: peak,
      gemm_share: computed(
        Math.min(1, share),
        `product of ${typical.join(" x ")} over the largest`,
      ),
      memory_gb: computed(16, "limit of the CPU device's tables; a GPU's memory is not asked"),
      memory_gb_s: copied,
      l2_mb: computed(1, "not measured: costs by table size are in the runtime's section"),
      l2_gb_s: copied,
      kernel_us: launch,
      narrow_row_factor: computed(1, "costs by row width are in the runtime's section"),
    },
    peer: {
      bandwidth_gb_s: computed(copied.value, "one device: there is no other to copy to"),
      latency_us: computed(0, "one device: there is no other to copy to"),
    },
    framework: Object.fromEntries(
      Object.keys(MACHINE_FIELDS.framework).map((field) => [
        field,
        field === "host_scale"
          ? computed(1, "measured on the machine itself")
          : field === "step_us"
          ? from("step", [], (us) => us, "loop around a minibatch")
          : none,
      ]),
    ) as unknown as MachineDocument["framework"],
    runtime: { fingerprint, quick, ...parts.watched, costs },
  };
  return checkMachine(document, name);
}
