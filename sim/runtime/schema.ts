/**
 * What the runtime's section of a machine file must hold.
 *
 * @module
 */

import {
  checked,
  fieldsOf,
  flag,
  listOf,
  numberFrom,
  objectOf,
  oneOf,
  orNull,
  type Schema,
  text,
  tupleOf,
  value,
  wholeFrom,
} from "../../core/schema.ts";
import type { CostAxis, CostTable } from "./cost_table.ts";
import {
  type Fingerprint,
  type Reference,
  RUNTIME_TABLES,
  type RuntimeRates,
  type TableSpec,
} from "./rates.ts";

/** Sizes and times lie between these: beyond them predictions are no numbers any more. */
const LEAST = 1e-9, MOST = 1e15;

/** Where numbers come from, as text. */
export const SOURCE: Schema<string> = value(
  (found) => typeof found === "string" && found.trim() !== "",
  "say where the numbers come from",
);

const FINGERPRINT: Schema<Fingerprint> = objectOf<Fingerprint>({
  cpu_model: orNull(text),
  cpus: wholeFrom(1),
  deno: text,
  device: oneOf(["cpu", "webgpu"]),
  device_name: text,
  threads: wholeFrom(1),
  wide: flag,
});

const REFERENCE: Schema<Reference> = objectOf<Reference>({
  product_us: numberFrom(LEAST, MOST),
  copy_us: numberFrom(LEAST, MOST),
});

function axisSchema([name, scale]: readonly [string, CostAxis["scale"]]): Schema<CostAxis> {
  return objectOf<CostAxis>({
    name: oneOf([name]),
    scale: oneOf([scale]),
    at: checked(
      listOf(numberFrom(LEAST, MOST), 1),
      (at) => at.every((x, k) => k === 0 || x > at[k - 1]!) ? null : "must ascend",
    ),
  });
}

function tableSchema(spec: TableSpec): Schema<CostTable> {
  const costs = listOf(numberFrom(0, MOST), 1);
  return checked(
    objectOf<CostTable>({
      unit: oneOf([spec.unit]),
      axes: tupleOf(Object.entries(spec.axes).map(axisSchema)),
      value: costs,
      low: costs,
      high: costs,
      kind: oneOf(["measured"]),
      source: SOURCE,
    }),
    ({ axes, value: middle, low, high }) => {
      const size = axes.reduce((product, { at }) => product * at.length, 1);
      for (const [name, list] of Object.entries({ value: middle, low, high })) {
        if (list.length !== size) {
          return `has ${list.length} numbers in ${name} and must have ${size}, one a point of its axes`;
        }
      }
      const outside = middle.findIndex((x, i) => x < low[i]! || x > high[i]!);
      return outside < 0
        ? null
        : `has value[${outside}] ${middle[outside]}, outside its range ${low[outside]} to ${
          high[outside]
        }`;
    },
  );
}

/** The section. */
export const RUNTIME_SCHEMA: Schema<RuntimeRates> = objectOf<RuntimeRates>(
  {
    fingerprint: FINGERPRINT,
    quick: flag,
    costs: fieldsOf(
      Object.fromEntries(
        Object.entries(RUNTIME_TABLES).map(([name, spec]) => [name, tableSchema(spec)]),
      ),
    ),
  },
  { reference: REFERENCE, disturbed: numberFrom(0, 1) },
);
