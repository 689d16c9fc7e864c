/** A command whose standard streams are a terminal, as a person has them. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { TINY } from "./command.ts";

/** What a terminal of so many columns shows of a task; `script` (bsdutils) brings the terminal. */
async function onTerminal(columns: number, words: readonly string[]): Promise<string> {
  const { code, stdout } = await new Deno.Command("script", {
    args: [
      "-qec",
      `stty cols ${columns}; exec "$DENO" task --quiet ${words.join(" ")}`,
      "/dev/null",
    ],
    cwd: fileURLToPath(new URL("../../", import.meta.url)),
    env: { DENO: Deno.execPath(), TERM: "xterm", CI: "", NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.equal(code, 0, text);
  return text;
}

Deno.test({
  name: "on a terminal a run asks for nothing, and its line of progress stays within the width",
  ignore: Deno.build.os !== "linux",
  async fn() {
    for (const columns of [40, 80, 120]) {
      const text = await onTerminal(columns, [
        ...["train", "--data", "synthetic:4000", "--threads", "2", ...TINY],
        ...["--plan", "slipstream", "--hot-memory", "0.2", "--profile", "1"],
      ]);
      assert.doesNotMatch(text, /Allow\?|Deno requests/);
      // deno-lint-ignore no-control-regex -- the line is rewritten by them
      const drawn = [...text.matchAll(/\r([^\r\n]*)\x1b\[K/g)].map(([, line]) => line!);
      assert.ok(drawn.some((line) => line.startsWith("train")), text);
      for (const line of drawn) assert.ok([...line].length < columns, `${columns}: ${line}`);
    }
  },
});
