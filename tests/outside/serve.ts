/**
 * A program: serves a folder on a free port of the loopback interface and prints the port. A process of its own, since
 * tests have no permission to use the network.
 *
 * `deno run --allow-net=127.0.0.1 --allow-read=FOLDER serve.ts FOLDER`
 *
 * @module
 */

import { extname } from "node:path";

/** As servers of modules give them; the text of shaders is plain text. */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".json": "application/json",
  ".ts": "application/typescript",
};

const folder = Deno.args[0]!;
Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: ({ port }) => console.log(port) },
  async (request) => {
    const { pathname } = new URL(request.url);
    try {
      const body = await Deno.readFile(folder + pathname);
      const type = MEDIA_TYPES[extname(pathname)] ?? "text/plain";
      return new Response(body, { headers: { "content-type": type } });
    } catch {
      return new Response(null, { status: 404 });
    }
  },
);
