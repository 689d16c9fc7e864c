/**
 * Machines: the rates of a computer, each with its source. A machine is one JSON file whose members are checked by name,
 * so that a field that is missing, negative or wrongly named is one clear error.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import { fileError } from "../core/files.ts";
import { nearest } from "../core/nearest.ts";
import { checkRuntime, type RuntimeRates } from "./runtime/rates.ts";

/** Grows when a field changes its meaning or goes. */
export const MACHINE_SCHEMA_VERSION = 1;

/** Machines that come with the project. */
export const MACHINE_NAMES = ["v100x4", "a100x8", "h100x8"] as const;

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
  /** Ends of the range that it may lie in: error bars of a measurement, or how little is known. */
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

/** Sections of a machine with their fields. */
export type MachineFields = typeof MACHINE_FIELDS;

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
  /** For people. */
  readonly title: string;
  /** Both sockets together: cores, float32 peak, memory streamed and by random rows of 64 bytes. */
  readonly cpu: MachineSection<"cpu">;
  /** Host to one GPU and back; rates of one direction. */
  readonly link: MachineSection<"link">;
  /** Of one GPU, but for their number; `gemm_share` is the share of the peak that products reach. */
  readonly gpu: MachineSection<"gpu">;
  /** GPU to GPU: bus bandwidth of an all-reduce in NCCL's sense, and what one costs however small. */
  readonly peer: MachineSection<"peer">;
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
  readonly gpu: Rates<MachineSection<"gpu">>;
  /** As in {@linkcode MachineDocument}. */
  readonly peer: Rates<MachineSection<"peer">>;
  /** As in {@linkcode MachineDocument}. */
  readonly framework: Rates<MachineSection<"framework">>;
  /** As in {@linkcode MachineDocument}. */
  readonly runtime?: RuntimeRates;
}

/** Sections of a machine that hold numbers. */
export const MACHINE_SECTIONS = ["cpu", "link", "gpu", "peer", "framework"] as const;

/** A number of a machine: `link.pageable_gb_s`. */
export type MachinePath = {
  [S in keyof MachineFields]: `${S}.${keyof MachineFields[S] & string}`;
}[keyof MachineFields];

/** All numbers of a machine by section and field. */
export const MACHINE_PATHS: readonly MachinePath[] = MACHINE_SECTIONS.flatMap((section) =>
  Object.keys(MACHINE_FIELDS[section]).map((field) => `${section}.${field}` as MachinePath)
);

/**
 * Checks a machine document.
 *
 * @param value What was parsed.
 * @param where For errors: the file's path or the machine's name.
 * @throws {UserError} The first field that is missing, unknown (the nearest is named), negative or without a source.
 */
export function checkMachine(value: unknown, where: string): MachineDocument {
  const refuse: Refuse = (field, reason): never => {
    throw new UserError(
      `Cannot use machine ${where}: ${field === "" ? "" : `${field} `}${reason}`,
    );
  };
  const root = requireObject(value, "", refuse);
  if (root["schema"] !== "slipstream.machine") {
    refuse("schema", `is ${show(root["schema"])} and must be "slipstream.machine"`);
  }
  if (root["schema_version"] !== MACHINE_SCHEMA_VERSION) {
    refuse(
      "schema_version",
      `is ${show(root["schema_version"])} and this version reads ${MACHINE_SCHEMA_VERSION}`,
    );
  }
  requireNames(
    root,
    ["schema", "schema_version", "name", "title", ...MACHINE_SECTIONS],
    ["runtime"],
    "",
    refuse,
  );
  for (const name of ["name", "title"]) {
    if (typeof root[name] !== "string" || root[name] === "") {
      refuse(name, `is ${show(root[name])} and must be a text`);
    }
  }
  for (const section of MACHINE_SECTIONS) {
    const fields: Readonly<Record<string, string>> = MACHINE_FIELDS[section];
    const object = requireObject(root[section], section, refuse);
    requireNames(object, Object.keys(fields), [], section, refuse);
    for (const [field, bound] of Object.entries(fields)) {
      checkQuantity(object[field], `${section}.${field}`, bound === "positive", refuse);
    }
  }
  if (root["runtime"] !== undefined) checkRuntime(root["runtime"], refuse);
  // Every member was checked above, which the type system cannot follow.
  return value as MachineDocument;
}

/** The numbers of a machine document. */
export function machineOf(document: MachineDocument): Machine {
  const plain = <S extends keyof MachineFields>(section: S): Rates<MachineSection<S>> =>
    Object.fromEntries(
      Object.entries(document[section]).map((
        [field, quantity],
      ) => [field, (quantity as Quantity).value]),
    ) as Rates<MachineSection<S>>;
  return {
    name: document.name,
    cpu: plain("cpu"),
    link: plain("link"),
    gpu: plain("gpu"),
    peer: plain("peer"),
    framework: plain("framework"),
    ...(document.runtime === undefined ? {} : { runtime: document.runtime }),
  };
}

/** A machine with some numbers replaced. Throws a `UserError` for one that must be above 0, or at least 0, and is not. */
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
  };
  for (const [path, value] of Object.entries(changes)) {
    const [section, field] = path.split(".") as [keyof MachineFields, string];
    const positive =
      (MACHINE_FIELDS[section] as Readonly<Record<string, string>>)[field] === "positive";
    if (!Number.isFinite(value) || value < 0 || positive && value === 0) {
      throw new UserError(
        `Cannot set ${path} to ${value}: it must be ${positive ? "above" : "at least"} 0`,
        2,
      );
    }
    (copy[section] as Record<string, number>)[field] = value;
  }
  return copy;
}

/**
 * Loads a machine by name or from a file ending in `.json`.
 *
 * @throws {UserError} An unknown name (the nearest is named), or a file that is no machine.
 */
export async function loadMachine(machine: string): Promise<MachineDocument> {
  const shipped = MACHINE_NAMES.find((name) => name === machine);
  if (shipped === undefined && !machine.endsWith(".json")) {
    const near = nearest(machine, MACHINE_NAMES);
    throw new UserError(
      `Cannot use machine ${machine}: ${
        near === null ? `the machines are ${MACHINE_NAMES.join(", ")}` : `did you mean ${near}?`
      } (a file's name ends in .json)`,
      2,
    );
  }
  if (shipped !== undefined) {
    // Imported, and so found where this module came from, be it a folder or a server.
    const { default: value }: { default: unknown } = await import(`./machines/${shipped}.json`, {
      with: { type: "json" },
    });
    return checkMachine(value, machine);
  }
  let text;
  try {
    text = await Deno.readTextFile(machine);
  } catch (error) {
    throw fileError("read", machine, error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UserError(`Cannot use machine ${machine}: it is not JSON (${String(error)})`);
  }
  return checkMachine(value, machine);
}

type Refuse = (field: string, reason: string) => never;

function requireObject(value: unknown, field: string, refuse: Refuse): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    refuse(field, value === undefined ? "is missing" : `is ${show(value)} and must be an object`);
  }
  return value as Record<string, unknown>;
}

function requireNames(
  object: Readonly<Record<string, unknown>>,
  required: readonly string[],
  optional: readonly string[],
  section: string,
  refuse: Refuse,
): void {
  const prefix = section === "" ? "" : `${section}.`;
  for (const name of Object.keys(object)) {
    if (required.includes(name) || optional.includes(name)) continue;
    const near = nearest(name, [...required, ...optional]);
    refuse(
      `${prefix}${name}`,
      `is no field of it${near === null ? "" : `, did you mean ${near}?`}`,
    );
  }
  for (const name of required) {
    if (!(name in object)) refuse(`${prefix}${name}`, "is missing");
  }
}

function checkQuantity(value: unknown, path: string, positive: boolean, refuse: Refuse): void {
  const quantity = requireObject(value, path, refuse);
  requireNames(quantity, ["value", "source", "kind"], ["low", "high"], path, refuse);
  for (const name of ["value", "low", "high"]) {
    const number = quantity[name];
    if (name !== "value" && number === undefined) continue;
    if (typeof number !== "number" || !Number.isFinite(number)) {
      refuse(`${path}.${name}`, `is ${show(number)} and must be a number`);
    }
    if (number as number < 0 || positive && number === 0) {
      refuse(`${path}.${name}`, `is ${number} and must be ${positive ? "above" : "at least"} 0`);
    }
  }
  const { value: middle, low, high } = quantity as unknown as Quantity;
  if ((low ?? middle) > middle || (high ?? middle) < middle) {
    refuse(
      path,
      `has the range ${low ?? "-"} to ${high ?? "-"}, which leaves out its value ${middle}`,
    );
  }
  if (typeof quantity["source"] !== "string" || quantity["source"].trim() === "") {
    refuse(`${path}.source`, "is empty and must say where the number comes from");
  }
  if (!(QUANTITY_KINDS as readonly unknown[]).includes(quantity["kind"])) {
    refuse(
      `${path}.kind`,
      `is ${show(quantity["kind"])} and must be one of ${QUANTITY_KINDS.join(", ")}`,
    );
  }
}

function show(value: unknown): string {
  return value === undefined ? "missing" : JSON.stringify(value);
}
