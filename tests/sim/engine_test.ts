import assert from "node:assert/strict";
import fc from "../npm/fast_check.ts";
import { runGraph } from "../../sim/engine.ts";
import { type Graph, GraphBuilder, type Resource, type Task } from "../../sim/graph.ts";

const RESOURCES: readonly Resource[] = ["cpu", "dram", "peer", "host:0", "up:0", "gpu:0", "gpu:1"];

/** Graphs of up to 40 tasks that wait for earlier ones. */
const graphs: fc.Arbitrary<Graph> = fc.array(
  fc.record({
    resource: fc.constantFrom(...RESOURCES),
    us: fc.double({ min: 0, max: 1000, noNaN: true }),
    after: fc.array(fc.nat(1000), { maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 40 },
).map((tasks) =>
  tasks.map(({ resource, us, after }, i): Task => ({
    stage: "forward",
    resource,
    us,
    after: i === 0 ? [] : after.map((j) => j % i),
    bytes: 0,
    flops: 0,
    label: String(i),
  }))
);

/** Sums of doubles in another order differ in their last bits. */
const SLACK = 1e-9;

Deno.test("no resource does two tasks at once, and none starts before what it waits for", () => {
  fc.assert(fc.property(graphs, (graph) => {
    const { start, end, makespan } = runGraph(graph);
    for (const resource of RESOURCES) {
      let free = 0, busy = 0;
      for (const [i, task] of graph.entries()) {
        if (task.resource !== resource) continue;
        assert.ok(start[i]! >= free);
        free = end[i]!;
        busy += task.us;
      }
      assert.ok(busy <= makespan * (1 + SLACK), "more than 100 % busy");
    }
    for (const [i, task] of graph.entries()) {
      for (const j of task.after) assert.ok(start[i]! >= end[j]!);
    }
  }));
});

Deno.test("work is conserved: every task takes its time", () => {
  fc.assert(fc.property(graphs, (graph) => {
    const { start, end } = runGraph(graph);
    for (const [i, { us }] of graph.entries()) assert.equal(end[i], start[i]! + us);
  }));
});

Deno.test("the time is at least the longest chain and the busiest resource", () => {
  fc.assert(fc.property(graphs, (graph) => {
    const { makespan } = runGraph(graph);
    const chain: number[] = [];
    for (const { us, after } of graph) chain.push(us + Math.max(0, ...after.map((j) => chain[j]!)));
    assert.ok(makespan >= Math.max(...chain) * (1 - SLACK));
    for (const resource of RESOURCES) {
      const busy = graph.filter((task) => task.resource === resource).reduce((n, t) => n + t.us, 0);
      assert.ok(makespan >= busy * (1 - SLACK));
    }
  }));
});

Deno.test("the critical tasks follow each other without gaps from 0 to the end", () => {
  fc.assert(fc.property(graphs, (graph) => {
    const { start, end, makespan, critical } = runGraph(graph);
    assert.equal(start[critical[0]!], 0);
    for (let k = 1; k < critical.length; k++) {
      assert.equal(start[critical[k]!], end[critical[k - 1]!]);
    }
    assert.equal(end[critical.at(-1)!], makespan);
  }));
});

Deno.test("no task that gets shorter makes the whole longer", () => {
  fc.assert(fc.property(
    graphs,
    fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 40, maxLength: 40 }),
    (graph, factors) => {
      const shorter = graph.map((task, i) => ({ ...task, us: task.us * factors[i]! }));
      const before = runGraph(graph), after = runGraph(shorter);
      for (const i of graph.keys()) assert.ok(after.end[i]! <= before.end[i]!);
    },
  ));
});

Deno.test("a task that is left out makes nothing later", () => {
  fc.assert(fc.property(graphs, fc.nat(39), (graph, left) => {
    const without = graph.map((task, i) => i === left ? { ...task, us: 0 } : task);
    assert.ok(runGraph(without).makespan <= runGraph(graph).makespan);
  }));
});

Deno.test("the same graph gives the same bits", () => {
  fc.assert(fc.property(graphs, (graph) => {
    assert.deepEqual(runGraph(graph), runGraph(structuredClone(graph)));
  }));
});

Deno.test("a graph without tasks, one that waits for itself and a time that is none are refused", () => {
  assert.throws(() => runGraph([]), /Cannot run a graph without tasks/);
  const task = {
    stage: "forward",
    resource: "cpu",
    us: 1,
    bytes: 0,
    flops: 0,
    label: "a",
  } as const;
  assert.throws(
    () => runGraph([{ ...task, after: [0] }]),
    /waits for task 0, which is not before it/,
  );
  assert.throws(() => new GraphBuilder().add("forward", "cpu", NaN, [], "a"), /its time is NaN us/);
});
