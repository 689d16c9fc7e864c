import assert from "node:assert/strict";
import { RunClock } from "../../page/train/clock.ts";
import { Turns } from "../../page/train/turns.ts";

/** Runs that train minibatches of given lengths in a time of their own making, and what they trained in order. */
function runs(costs: readonly number[], minibatches: readonly number[], turnMs = 100) {
  let now = 0;
  const clocks = costs.map(() => new RunClock(() => now));
  const turns = new Turns(clocks, turnMs);
  const trained = costs.map(() => 0), order: number[] = [];
  let largestLead = 0;
  const train = async (run: number): Promise<void> => {
    while (trained[run]! < minibatches[run]!) {
      if (turns.isOver(run)) {
        clocks[run]!.stop();
        await turns.take(run);
      }
      clocks[run]!.start();
      now += costs[run]!;
      trained[run]!++;
      order.push(run);
      if (trained.every((count, r) => count < minibatches[r]!)) {
        largestLead = Math.max(largestLead, Math.abs(clocks[0]!.ms - clocks[1]!.ms));
      }
    }
    clocks[run]!.stop();
    turns.leave(run);
  };
  return {
    turns,
    trained,
    order,
    clocks,
    all: () => Promise.all(costs.map((_, run) => train(run))),
    lead: () => largestLead,
  };
}

/** Lets everything run that can. */
async function settled(): Promise<void> {
  for (let i = 0; i < 200; i++) await Promise.resolve();
}

Deno.test("two runs have had the same time but for a turn, and both come to their ends", async () => {
  const race = runs([7, 30], [400, 60]);
  await race.all();
  assert.deepEqual(race.trained, [400, 60]);
  assert.deepEqual(race.clocks.map(({ ms }) => ms), [2800, 1800]);
  // A turn of 100 ms, and the minibatch in which it ended.
  assert.ok(race.lead() <= 130, `${race.lead()} ms`);
});

Deno.test("a pause holds both runs, a step lets each train one minibatch, and then they go on", async () => {
  const race = runs([10, 10], [30, 30]);
  race.turns.pause();
  const all = race.all();
  await settled();
  assert.deepEqual(race.trained, [0, 0]);
  race.turns.step();
  await settled();
  assert.deepEqual(race.trained, [1, 1]);
  race.turns.step();
  await settled();
  assert.deepEqual(race.trained, [2, 2]);
  race.turns.resume();
  await all;
  assert.deepEqual(race.trained, [30, 30]);
});

Deno.test("a step in the middle of a turn lets each run train one minibatch more", async () => {
  const turns = new Turns([new RunClock(() => 0), new RunClock(() => 0)]);
  const trained = [0, 0];
  const train = async (run: number): Promise<void> => {
    while (trained[run]! < 50) {
      if (turns.isOver(run)) await turns.take(run);
      if (++trained[run]! === 3) turns.step();
      await Promise.resolve();
    }
  };
  void train(0);
  void train(1);
  await settled();
  assert.deepEqual(trained, [4, 1]);
});

Deno.test("a run that is left alone keeps its turn", async () => {
  const race = runs([10, 10], [3, 50]);
  await race.all();
  assert.equal(race.order.lastIndexOf(0) < 20, true);
  assert.deepEqual(race.trained, [3, 50]);
});
