/**
 * Shows the page to browsers of this computer.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";

/** The files that are given out, and their types. Nothing else of the folder is. */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  "index.html": "text/html; charset=utf-8",
  "page.css": "text/css; charset=utf-8",
  "page.js": "text/javascript; charset=utf-8",
};

/** The address that only this computer reaches. */
const HOST = "127.0.0.1";

/**
 * Serves a page until the signal aborts.
 *
 * @param port 0 for any that is free.
 * @param onListen Told the address.
 * @throws {UserError} The port is taken or not allowed.
 */
export async function servePage(
  folder: string,
  port: number,
  onListen: (address: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const options = {
    ...{ hostname: HOST, port },
    ...(signal === undefined ? {} : { signal }),
    onListen: (address: Deno.NetAddr) => onListen(`http://${HOST}:${address.port}/`),
  };
  let server: Deno.HttpServer;
  try {
    server = Deno.serve(options, (request) => pageFile(folder, new URL(request.url).pathname));
  } catch (error) {
    if (
      !(error instanceof Deno.errors.AddrInUse || error instanceof Deno.errors.PermissionDenied)
    ) {
      throw error;
    }
    throw new UserError(`Cannot serve the page on port ${port}: ${error.message}; choose another`);
  }
  await server.finished;
}

/** What is answered to a request for a path: one of the page's files, or that there is no such file. */
export async function pageFile(folder: string, path: string): Promise<Response> {
  const name = path === "/" ? "index.html" : path.slice(1);
  const type = Object.hasOwn(MEDIA_TYPES, name) ? MEDIA_TYPES[name] : undefined;
  if (type === undefined) return new Response("There is no such file", { status: 404 });
  // Built anew it is to be seen anew.
  const headers = { "content-type": type, "cache-control": "no-cache" };
  return new Response(await Deno.readFile(`${folder}/${name}`), { headers });
}
