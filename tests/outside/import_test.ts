/** `mod.ts` is imported from projects that know nothing of this one: by path, by name, and by URL. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inFolder } from "../data/rows.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const NAME = "@slipstream/slipstream";

/** Of a folder with no configuration but `config`, the output of a copy of `script.ts` that imports `specifier`. */
async function runOutside(
  specifier: string,
  { config = {}, permissions, env = {}, check = false }: {
    config?: object;
    permissions: readonly string[];
    env?: Record<string, string>;
    check?: boolean;
  },
): Promise<unknown> {
  let printed: unknown;
  await inFolder(async (folder) => {
    const script = await Deno.readTextFile(new URL("./script.ts", import.meta.url));
    assert.ok(script.includes(`"${NAME}"`));
    await Deno.writeTextFile(
      join(folder, "main.ts"),
      script.replace(`"${NAME}"`, `"${specifier}"`),
    );
    await Deno.writeTextFile(join(folder, "deno.json"), JSON.stringify(config));
    // So that packages need not be looked up again; the folder has them for its own from then on.
    await Deno.copyFile(`${ROOT}deno.lock`, join(folder, "deno.lock"));
    const deno = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args,
        cwd: folder,
        env: { NO_COLOR: "1", ...env },
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      return new TextDecoder().decode(stdout);
    };
    if (check) await deno("check", "main.ts");
    printed = JSON.parse(await deno("run", "--no-prompt", ...permissions, "main.ts"));
  });
  return printed;
}

/** Serves the project on a port, with a cache for modules that begins empty but for packages. */
async function withServer(
  body: (server: { host: string; cache: string }) => Promise<void>,
): Promise<void> {
  const program = fileURLToPath(new URL("./serve.ts", import.meta.url));
  await inFolder(async (cache) => {
    const { stdout: info } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] })
      .output();
    const { npmCache } = JSON.parse(new TextDecoder().decode(info)) as { npmCache: string };
    await Deno.symlink(npmCache, join(cache, "npm"), { type: "dir" });
    await using server = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--allow-net=127.0.0.1", `--allow-read=${ROOT}`, program, ROOT],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const lines = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const port = parseInt((await lines.read()).value!);
    await lines.cancel();
    await body({ host: `127.0.0.1:${port}`, cache });
  });
}

Deno.test("mod.ts trains, counts, simulates and sweeps from another project, by path, name and URL", async () => {
  const path = `${ROOT}mod.ts`;
  const permissions = [`--allow-read=${ROOT}`];
  const byPath = await runOutside(path, { permissions, check: true });
  const { threads, logloss, epoch_ms, swept_ms } = byPath as Record<string, number> & {
    swept_ms: number[];
  };
  assert.equal(threads, 2);
  assert.ok(logloss! > 0 && logloss! < 1, `${logloss}`);
  assert.ok(epoch_ms! > 0);
  assert.equal(swept_ms.length, 80);
  assert.ok(swept_ms[0]! > swept_ms[39]!, "rows are gathered faster from faster memory");

  const config = { imports: { [NAME]: path } };
  assert.deepEqual(await runOutside(NAME, { permissions, config }), byPath);

  await withServer(async ({ host, cache }) => {
    const byUrl = await runOutside(`http://${host}/mod.ts`, {
      permissions: [`--allow-import=${host}`],
      env: { DENO_DIR: cache },
    });
    assert.deepEqual(byUrl, byPath);
  });
});
