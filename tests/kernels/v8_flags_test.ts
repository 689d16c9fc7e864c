/** What the tasks rely on: V8's 256-bit mode computes the same bits. Known to x86-64 alone. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import project from "../../deno.json" with { type: "json" };
import { wideModeFlags } from "../../kernels/cpu/v8_flags.ts";

/** The tasks' flags. */
const FLAGS = wideModeFlags("x86_64")[0]!;
const script = fileURLToPath(new URL("./training_bits.ts", import.meta.url));
/** The suite needs packages that `deno.lock` leaves out. */
const LOCK = `--lock=${fileURLToPath(new URL("../deno.lock", import.meta.url))}`;
const suite = fileURLToPath(new URL("./cpu_wide_conformance_test.ts", import.meta.url));

async function run(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.ok(success, `${args.join(" ")}\n${text}${new TextDecoder().decode(stderr)}`);
  return text;
}

Deno.test("the tasks start V8's 256-bit mode where V8 has it, and are plain Deno elsewhere", async () => {
  assert.deepEqual(wideModeFlags("aarch64"), []);
  const { train, bench, simulate } = project.tasks;
  for (const { command } of [train, bench, simulate]) {
    assert.match(command, /^deno run \$\(deno run kernels\/cpu\/v8_flags\.ts\) --allow.* --wide$/);
  }
  const flags = fileURLToPath(new URL("../../kernels/cpu/v8_flags.ts", import.meta.url));
  assert.equal((await run("run", flags)).trim(), wideModeFlags().join(" "));
});

if (Deno.build.arch === "x86_64") {
  Deno.test("V8's 256-bit mode trains to the same bits, wide kernels or not", async () => {
    const plain = await run("run", "--allow-read", script);
    assert.ok(plain.split("\n").length > 10);
    assert.equal(await run("run", "--allow-read", script, "wide"), plain, "wide, no flags");
    assert.equal(await run("run", FLAGS, "--allow-read", script), plain, "flags, not wide");
    assert.equal(await run("run", FLAGS, "--allow-read", script, "wide"), plain, "flags, wide");
  });

  Deno.test("V8's 256-bit mode passes the conformance suite", async () => {
    const summary = await run(
      "test",
      LOCK,
      FLAGS,
      "--no-check",
      "--allow-read",
      "--allow-env",
      suite,
    );
    assert.match(summary, /ok \| \d+ passed/);
  });
}
