/**
 * Minibatches that were simulated before. Calibrating simulates the same minibatches again and again with one parameter
 * changed, and most of them do not depend on it.
 *
 * @module
 */

import type { TraceHeader } from "../train/trace/schema.ts";
import type { GraphTotals } from "./graph_totals.ts";
import type { Machine } from "./machine.ts";
import type { ParameterName, Parameters } from "./parameters.ts";
import type { System } from "./system.ts";

/** A minibatch's totals, and the parameters that were read to find them. */
interface Known {
  readonly read: readonly (readonly [name: ParameterName, value: number])[];
  readonly totals: GraphTotals;
}

/**
 * Totals of minibatches on one machine, to be shared by several simulations. Two minibatches are the same if the system's
 * function, the trace's header, the GPUs and the counts are, and every parameter that the function read: it then takes the
 * same way to the same bits.
 */
export class MinibatchMemo {
  /** The machine whose times it holds. */
  readonly machine: Machine;
  readonly #known = new Map<System["minibatch"], Map<TraceHeader, Map<string, Known[]>>>();
  #read = new Set<ParameterName>();

  constructor(machine: Machine) {
    this.machine = machine;
  }

  /** The same parameters; which of them are read is noted. */
  watch(parameters: Parameters): Parameters {
    return new Proxy(parameters, {
      get: (target, name) => {
        this.#read.add(name as ParameterName);
        return target[name as ParameterName];
      },
    });
  }

  /**
   * Totals as they are known, or as they are found now.
   *
   * @param key Of GPUs and counts.
   * @param parameters As they are, not watched.
   * @param find Computes with what `watch` gave.
   */
  totals(
    minibatch: System["minibatch"],
    header: TraceHeader,
    key: string,
    parameters: Parameters,
    find: () => GraphTotals,
  ): GraphTotals {
    let byHeader = this.#known.get(minibatch);
    if (byHeader === undefined) this.#known.set(minibatch, byHeader = new Map());
    let byKey = byHeader.get(header);
    if (byKey === undefined) byHeader.set(header, byKey = new Map());
    let known = byKey.get(key);
    if (known === undefined) byKey.set(key, known = []);
    const same = known.find(({ read }) =>
      read.every(([name, value]) => parameters[name] === value)
    );
    if (same !== undefined) return same.totals;
    this.#read = new Set();
    const totals = find();
    known.push({ read: [...this.#read].map((name) => [name, parameters[name]]), totals });
    return totals;
  }
}
