/**
 * `deno task page`: builds the page in which Slipstream runs in a browser, and shows it.
 *
 * @module
 */

import { runEntryPoint } from "../../core/entry_point.ts";
import { type FlagTable, formatHelp, parseFlags } from "../../core/flags.ts";
import { formatBytes } from "../../core/format.ts";
import { interruptible } from "../../core/interrupt.ts";
import { print } from "../../core/streams.ts";
import { buildPage } from "./build_page.ts";
import { servePage } from "./serve.ts";

const FLAGS = {
  out: {
    type: "path",
    default: "runs/page",
    group: "Page",
    valueName: "DIR",
    help: "Folder of the page: index.html, page.css, page.js",
  },
  serve: {
    type: "boolean",
    group: "Page",
    help: "Show the page to browsers of this computer, until Ctrl-C",
  },
  port: {
    type: "number",
    integer: true,
    min: 0,
    max: 65535,
    default: 8000,
    group: "Page",
    help: "Port of --serve; 0 for any that is free",
  },
} as const satisfies FlagTable;

async function main(args: readonly string[]): Promise<number> {
  const { values: { out, serve, port }, help } = parseFlags(FLAGS, args);
  if (help) {
    print(formatHelp(FLAGS, {
      command: "deno task page",
      about: "Build the page in which Slipstream trains and simulates in a browser",
      usage: "[flags]",
      examples: [["Build it and look at it", "deno task page --serve"]],
    }));
    return 0;
  }
  for (const { name, bytes, packedBytes } of await buildPage(out)) {
    print(`${out}/${name}: ${formatBytes(bytes)}, ${formatBytes(packedBytes)} compressed`);
  }
  if (!serve) return 0;
  return await interruptible(async (signal) => {
    await servePage(out, port, (address) => print(`The page is at ${address}`), signal);
    return 0;
  });
}

if (import.meta.main) await runEntryPoint(() => main(Deno.args));
