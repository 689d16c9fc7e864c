/** A folder for one process's files. */

/** Makes one, in memory where the system has a folder there; it goes when the process or thread ends. */
export async function scratchFolder(): Promise<string> {
  const memory = await Deno.stat("/dev/shm").then(() => ({ dir: "/dev/shm" }), () => ({}));
  const folder = await Deno.makeTempDir(memory);
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  return folder;
}
