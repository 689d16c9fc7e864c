import assert from "node:assert/strict";
import { Progress, type ProgressOptions } from "../../core/progress.ts";
import { PLAIN, type Terminal } from "../../core/terminal.ts";

const TTY: Terminal = { interactive: true, color: false, width: 100 };

function watched(options: Partial<ProgressOptions> = {}): {
  progress: Progress;
  output: string[];
  at: (ms: number) => void;
} {
  const output: string[] = [];
  let clock = 0;
  const progress = new Progress({
    label: "train",
    total: 1000,
    unit: "samples",
    terminal: PLAIN,
    write: (text) => output.push(text),
    now: () => clock,
    ...options,
  });
  return { progress, output, at: (ms) => clock = ms };
}

Deno.test("Progress rewrites one line on a terminal, at most every 100 ms", () => {
  const { progress, output, at } = watched({ terminal: TTY });
  progress.update(0);
  for (let ms = 1; ms < 100; ms++) {
    at(ms);
    progress.update(ms);
  }
  assert.equal(output.length, 1);
  at(1000);
  progress.update(250, { loss: "0.4512" });
  assert.equal(
    output[1],
    "\rtrain ██████░░░░░░░░░░░░░░░░░░  25 %  250/1,000 samples  250 samples/s  loss 0.4512  0:03 left\x1b[K",
  );
  progress.finish("done");
  assert.deepEqual(output.slice(2), ["\r\x1b[K", "done\n"]);
  progress.update(300);
  progress.finish();
  assert.equal(output.length, 4);
});

/** The line that is on a terminal after some seconds of a run under slipstream. */
function shownAt(width: number): string {
  const { progress, output, at } = watched({
    total: 39_291_958,
    terminal: { ...TTY, width },
  });
  progress.update(0);
  at(10_000);
  progress.update(258_000, { loss: "0.4512", T: "0.0472", skipped: "11.2 %", AUC: "0.7812" });
  // deno-lint-ignore no-control-regex -- the codes around the text are not part of its width
  return output.at(-1)!.replace(/\r|\x1b\[K/g, "");
}

Deno.test("Progress keeps what matters at 120, 80 and 40 columns", () => {
  assert.equal(
    shownAt(160),
    "train ████████████████████████   0 %  258,000/39,291,958 samples  25.8 k samples/s  loss 0.4512  T 0.0472  skipped 11.2 %  AUC 0.7812  25:13 left"
      .replace(/█{24}/, "░".repeat(24)),
  );
  assert.equal(
    shownAt(120),
    "train   0 %  258,000/39,291,958 samples  25.8 k samples/s  loss 0.4512  T 0.0472  skipped 11.2 %  25:13 left",
  );
  assert.equal(
    shownAt(80),
    "train   0 %  25.8 k samples/s  loss 0.4512  25:13 left",
  );
  assert.equal(shownAt(40), "train   0 %  loss 0.4512  25:13 left");
  assert.equal(shownAt(10), "train   0");
});

Deno.test("Progress never writes beyond the terminal's edge", () => {
  for (let width = 1; width <= 200; width++) {
    assert.ok([...shownAt(width)].length <= width - 1, `${width}: ${shownAt(width)}`);
  }
});

Deno.test("Progress tells no rate before there is time enough to know it", () => {
  const { progress, output, at } = watched({ terminal: TTY });
  at(30_000);
  progress.update(400);
  at(30_150);
  progress.update(403);
  assert.ok(output.every((text) => !text.includes("samples/s")), output.join());
  at(31_000);
  progress.update(420);
  assert.match(output.at(-1)!, / 20 samples\/s {2}0:29 left/);
});

Deno.test("Progress counts bytes in MB and GB", () => {
  const { progress, output, at } = watched({ unit: "B", total: 10_600_000_000 });
  progress.update(0);
  at(10_000);
  progress.update(2_120_000_000, { rows: "9,168,124" });
  assert.equal(
    output.at(-1),
    "train  20 %  2.12 GB/10.6 GB  212 MB/s  rows 9,168,124  0:40 left\n",
  );
});

Deno.test("Progress writes plain lines elsewhere, by share or time, without escape codes", () => {
  const { progress, output, at } = watched();
  for (let done = 0; done <= 1000; done++) {
    at(done * 30);
    progress.update(done, { loss: "0.5" });
  }
  progress.finish("done");
  assert.ok(output.length >= 10 && output.length <= 12, String(output.length));
  assert.equal(output[0], "train  10 %  100/1,000 samples  33.3 samples/s  loss 0.5  0:27 left\n");
  assert.equal(output.at(-1), "done\n");
  for (const text of output) {
    // deno-lint-ignore no-control-regex -- control characters are what must not occur
    assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f]/);
  }
});

Deno.test("Progress without a total still says how far it is every ten seconds", () => {
  const { progress, output, at } = watched({ total: null });
  for (let s = 0; s <= 30; s++) {
    at(1000 * s);
    progress.update(2000 * s);
  }
  assert.deepEqual(output, [
    "train 20,000 samples  2.00 k samples/s\n",
    "train 40,000 samples  2.00 k samples/s\n",
    "train 60,000 samples  2.00 k samples/s\n",
  ]);
});

Deno.test("Progress writes nothing when quiet", () => {
  for (const terminal of [PLAIN, TTY]) {
    const { progress, output, at } = watched({ quiet: true, terminal });
    at(60_000);
    progress.update(500);
    progress.print("note");
    progress.finish("done");
    assert.deepEqual(output, []);
  }
});

Deno.test("Progress.print() puts a line above the bar", () => {
  const { progress, output, at } = watched({ terminal: TTY });
  at(1000);
  progress.update(500);
  progress.print("test auc 0.79");
  assert.equal(output[1], "\r\x1b[K");
  assert.equal(output[2], "test auc 0.79\n");
  assert.match(output[3]!, /^\rtrain █/);
});

Deno.test("Progress gives the line back when an error passes", () => {
  const { progress, output, at } = watched({ terminal: TTY });
  assert.throws(() => {
    using shown = progress;
    at(1000);
    shown.update(1);
    throw new Error("stop");
  });
  assert.equal(output.at(-1), "\r\x1b[K");
});

Deno.test("Progress follows a change of speed and leaves a resumed part out of the rate", () => {
  const { progress, output, at } = watched({ total: 1_000_000, initial: 500_000 });
  for (let s = 1; s <= 10; s++) {
    at(1000 * s);
    progress.update(500_000 + 1000 * s);
  }
  assert.match(output[0]!, / 1\.00 k samples\/s /);
  for (let s = 11; s <= 60; s++) {
    at(1000 * s);
    progress.update(510_000 + 100 * (s - 10));
  }
  assert.match(output.at(-1)!, / 100 samples\/s /);
});
