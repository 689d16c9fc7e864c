/** PyTorch is found where a variable changes what programs load, though the task may run only some programs. */

import assert from "node:assert/strict";
import { inFolder } from "../data/rows.ts";
import { ROOT } from "../docs/page.ts";

Deno.test("Python is started with LD_LIBRARY_PATH set, by a process that may run only python3", () =>
  inFolder(async (folder) => {
    // It fails if it is handed the variable.
    await Deno.writeTextFile(`${folder}/python3`, '#!/bin/sh\n[ -z "$LD_LIBRARY_PATH" ]\n', {
      mode: 0o755,
    });
    await Deno.writeTextFile(
      `${folder}/find.ts`,
      `import { findPython } from "file://${ROOT}bench/peers/pytorch.ts";\n` +
        `console.log(JSON.stringify(await findPython("python3")));\n`,
    );
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--no-prompt", "--no-check", `--config=${ROOT}deno.json`, "--allow-read"],
        ...["--allow-env=PATH,HOME", "--allow-run=python3", `${folder}/find.ts`],
      ],
      env: {
        LD_LIBRARY_PATH: "/nowhere",
        PATH: `${folder}:${Deno.env.get("PATH")}`,
        NO_COLOR: "1",
      },
    }).output();
    const text = new TextDecoder().decode(stdout);
    assert.match(
      text,
      /^{"python":"python3","note":"PyTorch was started with the variables PATH and HOME alone .*"}\n$/,
      new TextDecoder().decode(stderr),
    );
  }));
