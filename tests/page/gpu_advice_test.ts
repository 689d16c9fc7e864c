import assert from "node:assert/strict";
import { adviceFor } from "../../page/gpu_advice.ts";

const AGENTS = {
  chrome:
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
  edge:
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
  firefox: "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0",
  safari:
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
} as const;

Deno.test("where there is no WebGPU, each browser gets the advice that is for it", () => {
  assert.match(adviceFor(AGENTS.chrome), /^Chrome and Edge .*chrome:\/\/gpu$/);
  assert.match(adviceFor(AGENTS.edge), /^Chrome and Edge /);
  assert.match(adviceFor(AGENTS.firefox), /^Firefox .*dom\.webgpu\.enabled/);
  assert.match(adviceFor(AGENTS.safari), /^Safari has it from version 26/);
  assert.match(adviceFor("curl/8"), /try another browser$/);
});
