/**
 * Machines: the rates of a computer, each with its source. A machine is one JSON file whose members are checked by name,
 * so that a field that is missing, negative or wrongly named is one clear error.
 *
 * @module
 */

import { UsageError } from "../core/errors.ts";
import { writeFileWhole } from "../core/files.ts";
import { formatSealed, readJsonFile } from "../core/json_file.ts";
import { nearest } from "../core/nearest.ts";
import { printable } from "../core/printable.ts";
import {
  checked,
  checkSchema,
  documentOf,
  fieldsOf,
  numberFrom,
  objectOf,
  oneOf,
  type Schema,
  value as valueThat,
} from "../core/schema.ts";
import type { RuntimeRates } from "./runtime/rates.ts";
import { RUNTIME_SCHEMA, SOURCE } from "./runtime/schema.ts";

/** Grows when a field changes its meaning or goes. */
export const MACHINE_SCHEMA_VERSION = 1;

/** Machines that come with the project. */
export const MACHINE_NAMES = [
  "v100x4",
  "v100x8",
  "v100x16",
  "a100x8",
  "a100-80x8",
  "h100x8",
  "h100x16",
  "h200x8",
  "b200x8",
  "gh200",
  "mi300xx8",
  "t4",
  "l4",
  "rtx4090",
  "epyc7742x2",
] as const;

/** The one of them that has processors alone. */
const WITHOUT_GPU = "epyc7742x2";

/** Those of them that have GPUs. */
export const GPU_MACHINE_NAMES: readonly string[] = MACHINE_NAMES.filter((name) =>
  name !== WITHOUT_GPU
);

/** Whether a system runs on a machine of that name: on processors alone `cpu-dlrm` does. */
export function runsOn(system: string, machine: string): boolean {
  return machine !== WITHOUT_GPU || system === "cpu-dlrm";
}

/** How a number is known. */
export const QUANTITY_KINDS = ["datasheet", "measured", "recalled", "computed"] as const;

/** One number of a machine file. The unit is in the field's name. */
export interface Quantity {
  /** Above 0, except that latencies, overheads and costs may be 0. */
  readonly value: number;
  /** Where it comes from: datasheet, or what was measured where and how. */
  readonly source: string;
  /** One of {@linkcode QUANTITY_KINDS}. */
  readonly kind: typeof QUANTITY_KINDS[number];
  /** Ends of its range: the error bars of a measurement, or how far sources disagree. */
  readonly low?: number;
  /** The upper end of that range. */
  readonly high?: number;
}

/** Fields by section; `positive` numbers are above 0, the others at least 0. */
export const MACHINE_FIELDS = {
  cpu: {
    sockets: "positive",
    cores: "positive",
    gflop_s: "positive",
    dram_stream_gb_s: "positive",
    dram_random_gb_s: "positive",
  },
  link: {
    generation: "positive",
    lanes: "positive",
    pinned_upload_gb_s: "positive",
    pinned_download_gb_s: "positive",
    pageable_gb_s: "positive",
    latency_us: "least 0",
  },
  gpu: {
    count: "positive",
    gflop_s: "positive",
    gemm_share: "positive",
    memory_gb: "positive",
    memory_gb_s: "positive",
    l2_mb: "positive",
    l2_gb_s: "positive",
    kernel_us: "least 0",
    narrow_row_factor: "positive",
  },
  peer: {
    bandwidth_gb_s: "positive",
    latency_us: "least 0",
  },
  framework: {
    host_scale: "positive",
    launch_us: "least 0",
    gap_us: "least 0",
    step_us: "least 0",
    linear_forward_us: "least 0",
    linear_backward_us: "least 0",
    elementwise_us: "least 0",
    concatenate_us: "least 0",
    copy_us: "least 0",
    lookup_forward_us: "least 0",
    lookup_backward_us: "least 0",
    optimizer_tensor_us: "least 0",
    cpu_op_us: "least 0",
    cpu_lookup_ns: "least 0",
  },
} as const;

/** Fields that a file may leave out; of `network` all or none. */
export const OPTIONAL_FIELDS = {
  gpu: { tf32_gflop_s: "positive", half_gflop_s: "positive" },
  network: { nodes: "positive", bandwidth_gb_s: "positive", latency_us: "least 0" },
  cost: { dollars_an_hour: "positive", gpu_w: "positive", host_w: "positive" },
} as const;

/** Sections of a machine with their fields. */
export type MachineFields = typeof MACHINE_FIELDS;

/** Rates of matrix products that not every GPU has, or that have not been looked up. */
export type ProductRates<T> = { readonly [F in keyof typeof OPTIONAL_FIELDS.gpu]?: T };

/** What connects nodes, which a machine of one node lacks. */
export type Network<T> = { readonly [F in keyof typeof OPTIONAL_FIELDS.network]: T };

/** What a machine costs, as far as there is a source. */
export type MachineCost<T> = { readonly [F in keyof typeof OPTIONAL_FIELDS.cost]?: T };

/** The numbers of one section, with their sources. */
export type MachineSection<S extends keyof MachineFields> = {
  readonly [F in keyof MachineFields[S]]: Quantity;
};

/** A machine as its file holds it. */
export interface MachineDocument {
  /** Tells the file from others. */
  readonly schema: "slipstream.machine";
  /** {@linkcode MACHINE_SCHEMA_VERSION}. */
  readonly schema_version: number;
  /** What flags call it. */
  readonly name: string;
  /** A line that describes the machine. */
  readonly title: string;
  /** Both sockets together: cores, float32 peak, memory streamed and by random rows of 64 bytes. */
  readonly cpu: MachineSection<"cpu">;
  /** Host to one GPU and back; rates of one direction. */
  readonly link: MachineSection<"link">;
  /** Of one GPU, but for their number; `gemm_share` is the share of the peak that products reach. */
  readonly gpu: MachineSection<"gpu"> & ProductRates<Quantity>;
  /** GPU to GPU: bus bandwidth of an all-reduce in NCCL's sense, and the time of a very small one. */
  readonly peer: MachineSection<"peer">;
  /** Between nodes, each of which has its part of the GPUs: bandwidth of one node in one direction. */
  readonly network?: Network<Quantity>;
  /** Price of the whole machine, power of one GPU's board at full load and of the processors. */
  readonly cost?: MachineCost<Quantity>;
  /** Host time an operation of a training framework takes, without kernels; `host_scale` multiplies all of the host's. */
  readonly framework: MachineSection<"framework">;
  /** Costs of this project's own runtime, in files that `calibrate` wrote. */
  readonly runtime?: RuntimeRates;
}

/** The numbers of one section, without their sources. */
export type Rates<S> = { readonly [F in keyof S]: number };

/** A machine's numbers without their sources, which is what systems compute with. */
export interface Machine {
  /** What flags call it. */
  readonly name: string;
  /** As in {@linkcode MachineDocument}. */
  readonly cpu: Rates<MachineSection<"cpu">>;
  /** As in {@linkcode MachineDocument}. */
  readonly link: Rates<MachineSection<"link">>;
  /** As in {@linkcode MachineDocument}. */
  readonly gpu: Rates<MachineSection<"gpu">> & ProductRates<number>;
  /** As in {@linkcode MachineDocument}. */
  readonly peer: Rates<MachineSection<"peer">>;
  /** As in {@linkcode MachineDocument}. */
  readonly network?: Network<number>;
  /** As in {@linkcode MachineDocument}. */
  readonly cost?: MachineCost<number>;
  /** As in {@linkcode MachineDocument}. */
  readonly framework: Rates<MachineSection<"framework">>;
  /** As in {@linkcode MachineDocument}. */
  readonly runtime?: RuntimeRates;
}

/** Sections of a machine that hold numbers. */
const MACHINE_SECTIONS = ["cpu", "link", "gpu", "peer", "framework"] as const;

/** Sections whose numbers can be changed: what a machine costs changes no time. */
const RATE_SECTIONS = [...MACHINE_SECTIONS, "network"] as const;

/** Bounds of all fields that can be changed. */
const RATE_FIELDS = {
  ...MACHINE_FIELDS,
  gpu: { ...MACHINE_FIELDS.gpu, ...OPTIONAL_FIELDS.gpu },
  network: OPTIONAL_FIELDS.network,
} as const;

/** Names of the numbers of sections: `link.pageable_gb_s`. */
export type PathsOf<Sections> = {
  [S in keyof Sections]: `${S & string}.${keyof Sections[S] & string}`;
}[keyof Sections];

/** A number of a machine: `link.pageable_gb_s`. */
export type MachinePath =
  | PathsOf<MachineFields>
  | PathsOf<Pick<typeof OPTIONAL_FIELDS, "gpu" | "network">>;

/** All numbers that a machine may have by section and field. */
export const MACHINE_PATHS: readonly MachinePath[] = RATE_SECTIONS.flatMap((section) =>
  Object.keys(RATE_FIELDS[section]).map((field) => `${section}.${field}` as MachinePath)
);

/** One number of a machine, or of its document with its source; undefined where it has none. */
export function numberAt(machine: Machine, path: MachinePath): number | undefined;
/** The same of a document. */
export function numberAt(machine: MachineDocument, path: MachinePath): Quantity | undefined;
export function numberAt(
  machine: Machine | MachineDocument,
  path: MachinePath,
): number | Quantity | undefined {
  const [section, field] = path.split(".") as [typeof RATE_SECTIONS[number], string];
  return (machine[section] as Record<string, number | Quantity> | undefined)?.[field];
}

/** Numbers other than 0 must lie between these: beyond them times would overflow. */
const LEAST = 1e-9, MOST = 1e15;

/** What a number of a machine must be and is not: `above 0`; null where nothing is wrong. */
function wantedRate(number: number, positive: boolean): string | null {
  if (!(number >= 0) || positive && number === 0) return positive ? "above 0" : "at least 0";
  return number === 0 || number >= LEAST && number <= MOST ? null : `from ${LEAST} to ${MOST}`;
}

function rateSchema(positive: boolean): Schema<number> {
  return checked(numberFrom(-Infinity), (number) => {
    const wanted = wantedRate(number, positive);
    return wanted === null ? null : `is ${number} and must be ${wanted}`;
  });
}

function quantitySchema(positive: boolean): Schema<Quantity> {
  const number = rateSchema(positive);
  return checked(
    objectOf<Quantity>(
      { value: number, source: SOURCE, kind: oneOf(QUANTITY_KINDS) },
      { low: number, high: number },
    ),
    ({ value, low, high }) =>
      (low ?? value) <= value && value <= (high ?? value)
        ? null
        : `has the range ${low ?? "-"} to ${high ?? "-"}, which leaves out its value ${value}`,
  );
}

function quantitiesOf(fields: Readonly<Record<string, string>>): Record<string, Schema<Quantity>> {
  return Object.fromEntries(
    Object.entries(fields).map(([field, bound]) => [field, quantitySchema(bound === "positive")]),
  );
}

function sectionSchema<S extends keyof MachineFields>(section: S): Schema<MachineSection<S>> {
  return fieldsOf(quantitiesOf(MACHINE_FIELDS[section])) as unknown as Schema<MachineSection<S>>;
}

const NETWORK_SCHEMA = fieldsOf(quantitiesOf(OPTIONAL_FIELDS.network)) as unknown as Schema<
  Network<Quantity>
>;

const COST_SCHEMA = objectOf<Record<string, Quantity>>(
  {},
  quantitiesOf(OPTIONAL_FIELDS.cost),
) as unknown as Schema<MachineCost<Quantity>>;

const GPU_SCHEMA = objectOf<Record<string, Quantity>>(
  quantitiesOf(MACHINE_FIELDS.gpu),
  quantitiesOf(OPTIONAL_FIELDS.gpu),
) as unknown as Schema<MachineDocument["gpu"]>;

/** Names go into messages, tables and file names. */
const NAME: Schema<string> = valueThat(
  (found) => typeof found === "string" && found.trim() !== "" && printable(found) === found,
  "be a text without control characters",
);

const SCHEMA: Schema<MachineDocument> = documentOf<MachineDocument>(
  { schema: "slipstream.machine", version: MACHINE_SCHEMA_VERSION },
  objectOf<MachineDocument>(
    {
      schema: oneOf(["slipstream.machine"]),
      schema_version: numberFrom(-Infinity),
      name: NAME,
      title: NAME,
      cpu: sectionSchema("cpu"),
      link: sectionSchema("link"),
      gpu: GPU_SCHEMA,
      peer: sectionSchema("peer"),
      framework: sectionSchema("framework"),
    },
    {
      network: NETWORK_SCHEMA,
      cost: COST_SCHEMA,
      runtime: RUNTIME_SCHEMA,
    },
  ),
);

/**
 * Checks a machine document.
 *
 * @param value What was parsed.
 * @param where For errors: the file's path or the machine's name.
 * @throws {UserError} The first field that is missing, unknown (the nearest is named), out of range or without a source.
 * @category Simulator: machines
 */
export function checkMachine(value: unknown, where: string): MachineDocument {
  return checkSchema(SCHEMA, value, `Cannot use machine ${where}`);
}

/**
 * The numbers of a machine document.
 *
 * @category Simulator: machines
 */
export function machineOf(document: MachineDocument): Machine {
  const { name, cpu, link, gpu, peer, framework, network, cost, runtime } = document;
  return {
    name,
    cpu: valuesOf(cpu),
    link: valuesOf(link),
    gpu: valuesOf(gpu),
    peer: valuesOf(peer),
    framework: valuesOf(framework),
    ...(network === undefined ? {} : { network: valuesOf(network) }),
    ...(cost === undefined ? {} : { cost: valuesOf(cost) }),
    ...(runtime === undefined ? {} : { runtime }),
  };
}

function valuesOf<S extends object>(section: S): Rates<S> {
  return Object.fromEntries(
    Object.entries(section).map(([field, { value }]) => [field, value]),
  ) as Rates<S>;
}

/**
 * A machine with some numbers replaced.
 *
 * @throws {UserError} One that must be above 0, or at least 0, and is not; one of a network where the machine has none.
 * @category Simulator: machines
 */
export function withRates(
  machine: Machine,
  changes: Readonly<Partial<Record<MachinePath, number>>>,
): Machine {
  const copy = {
    ...machine,
    cpu: { ...machine.cpu },
    link: { ...machine.link },
    gpu: { ...machine.gpu },
    peer: { ...machine.peer },
    framework: { ...machine.framework },
    ...(machine.network === undefined ? {} : { network: { ...machine.network } }),
  };
  for (const [path, value] of Object.entries(changes)) {
    const [section, field] = path.split(".") as [keyof typeof RATE_FIELDS, string];
    const positive =
      (RATE_FIELDS[section] as Readonly<Record<string, string>>)[field] === "positive";
    const wanted = wantedRate(value, positive);
    if (wanted !== null) {
      throw new UsageError(`Cannot set ${path} to ${value}: it must be ${wanted}`);
    }
    const numbers = copy[section] as Record<string, number> | undefined;
    if (numbers === undefined) {
      throw new UsageError(`Cannot set ${path}: machine ${machine.name} has no ${section}`);
    }
    numbers[field] = value;
  }
  return copy;
}

/**
 * Loads a machine by name or from a file ending in `.json`.
 *
 * @throws {UserError} An unknown name (the nearest is named), or a file that is no machine.
 * @category Simulator: machines
 */
export async function loadMachine(machine: string): Promise<MachineDocument> {
  const shipped = MACHINE_NAMES.find((name) => name === machine);
  if (shipped === undefined && !machine.endsWith(".json")) {
    const near = nearest(machine, MACHINE_NAMES);
    throw new UsageError(
      `Cannot use machine ${machine}: ${
        near === null ? `the machines are ${MACHINE_NAMES.join(", ")}` : `did you mean ${near}?`
      } (a file's name ends in .json)`,
    );
  }
  if (shipped !== undefined) {
    // Imported, and so found where this module came from, be it a folder or a server.
    const { default: value }: { default: unknown } = await import(`./machines/${shipped}.json`, {
      with: { type: "json" },
    });
    return checkMachine(value, machine);
  }
  return await readMachine(machine);
}

/**
 * Loads a machine with GPUs, as {@linkcode loadMachine} does.
 *
 * @throws {UserError} As `loadMachine` does, or the machine has processors alone.
 */
export async function loadGpuMachine(machine: string): Promise<MachineDocument> {
  const document = await loadMachine(machine);
  if (document.name !== WITHOUT_GPU) return document;
  throw new UsageError(
    `Cannot use machine ${machine}: it has no GPU, and only deno task simulate --system cpu-dlrm runs there`,
  );
}

/** A machine file with costs of every table has a few hundred kilobytes. */
const MOST_BYTES = 16e6;

/**
 * Reads a machine file. One that was written by hand or by another program has no checksum.
 *
 * @throws {UserError} It cannot be read, is no machine, or was changed after {@linkcode writeMachine} wrote it.
 */
export async function readMachine(path: string): Promise<MachineDocument> {
  const cannot = `Cannot use machine ${path}`;
  return checkMachine(
    await readJsonFile(path, { cannot, mostBytes: MOST_BYTES, seal: "optional" }),
    path,
  );
}

/** Writes a machine file with its checksum, whole or not at all. Throws a `UserError` if it cannot. */
export async function writeMachine(path: string, document: MachineDocument): Promise<void> {
  await writeFileWhole(path, formatSealed(document, 0));
}
