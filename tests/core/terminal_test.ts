import assert from "node:assert/strict";
import { palette, PLAIN, terminalFrom, visibleWidth } from "../../core/terminal.ts";

const facts = (env: Record<string, string> = {}) => ({
  isTerminal: true,
  noColor: false,
  columns: 120,
  env: (name: string) => env[name],
});

Deno.test("terminalFrom() gives colour and width on a terminal", () => {
  assert.deepEqual(terminalFrom(facts()), { interactive: true, color: true, width: 120 });
});

Deno.test("terminalFrom() keeps rewriting but drops colour under NO_COLOR", () => {
  const terminal = terminalFrom({ ...facts(), noColor: true });
  assert.deepEqual(terminal, { interactive: true, color: false, width: 120 });
});

Deno.test("terminalFrom() is plain off a terminal, in CI and on a dumb terminal", () => {
  for (
    const plain of [
      { ...facts(), isTerminal: false },
      facts({ CI: "true" }),
      facts({ CI: "1" }),
      facts({ TERM: "dumb" }),
    ]
  ) {
    const { interactive, color } = terminalFrom(plain);
    assert.deepEqual([interactive, color], [false, false]);
  }
  assert.equal(terminalFrom(facts({ CI: "false" })).interactive, true);
});

Deno.test("terminalFrom() falls back to 80 columns", () => {
  assert.equal(terminalFrom({ ...facts(), columns: null }).width, 80);
  assert.equal(terminalFrom({ ...facts(), columns: 0 }).width, 80);
});

Deno.test("palette() writes codes only where colour is on, and visibleWidth() leaves them out", () => {
  const red = palette({ interactive: true, color: true, width: 80 }).red("a█");
  assert.equal(red, "\x1b[31ma█\x1b[39m");
  assert.equal(visibleWidth(red), 2);
  assert.equal(palette(PLAIN).red("a"), "a");
});
