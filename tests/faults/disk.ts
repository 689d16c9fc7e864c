/** A small disk of its own for a folder, which can be full or read-only. */

/** The smallest disk that there is: a block. */
const LEAST_KIB = 4;
/** Room for everything that is tried. */
const ROOMY_KIB = 256 * 1024;

/** A file system in memory, mounted on a folder; only root may do that. */
export class SmallDisk implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Mounts one on an empty folder, with room for everything; null where that may not be done. */
  static async mount(folder: string): Promise<SmallDisk | null> {
    const options = ["-t", "tmpfs", "-o", `size=${ROOMY_KIB}k`, "tmpfs", folder];
    return await mounts(options) ? new SmallDisk(folder) : null;
  }

  /** Leaves room for so many bytes in all; for everything without a number. */
  async room(bytes?: number): Promise<void> {
    const kib = bytes === undefined ? ROOMY_KIB : Math.max(LEAST_KIB, Math.floor(bytes / 1024));
    await this.#remount(`size=${kib}k`);
  }

  /** Lets nothing be written, or everything again. */
  async readOnly(only: boolean): Promise<void> {
    await this.#remount(only ? "ro" : "rw");
  }

  async #remount(options: string): Promise<void> {
    if (!await mounts(["-o", `remount,${options}`, this.#folder])) {
      throw new Error(`Cannot remount ${this.#folder} with ${options}`);
    }
  }

  /** Takes it away with all that is on it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await new Deno.Command("umount", { args: ["-l", this.#folder] }).output();
  }
}

async function mounts(args: readonly string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command("mount", { args: [...args] }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
