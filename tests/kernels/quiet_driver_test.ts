import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { webGpuAvailable } from "./webgpu_available.ts";

Deno.test({
  name: "looking for an adapter leaves standard error empty where XDG_RUNTIME_DIR is not set",
  ignore: !webGpuAvailable,
  async fn() {
    const { PATH = "", HOME = "", DENO_DIR } = Deno.env.toObject();
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--allow-env=DENO_WEBGPU_BACKEND,XDG_RUNTIME_DIR", "--allow-read"],
        "data:application/typescript," + encodeURIComponent(
          `import { findAdapter } from "${new URL(
            "../../kernels/webgpu/adapter.ts",
            import.meta.url,
          )}";
           await findAdapter("any");`,
        ),
      ],
      cwd: fileURLToPath(new URL("../../", import.meta.url)),
      clearEnv: true,
      env: { PATH, HOME, ...DENO_DIR === undefined ? {} : { DENO_DIR } },
    }).output();
    assert.equal(new TextDecoder().decode(stderr), "");
    assert.equal(code, 0);
  },
});
