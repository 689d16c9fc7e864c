/** Disks that fail and processes that die, as far as the calls of one module's process go. */

type Call = (this: unknown, ...args: unknown[]) => unknown;

/** What changes a disk. Handles are closed even by a process that dies. */
const CALLS = [
  [Deno, "open"],
  [Deno, "mkdir"],
  [Deno, "rename"],
  [Deno, "remove"],
  [Deno.FsFile.prototype, "writeSync"],
  [Deno.FsFile.prototype, "sync"],
] as const;

/**
 * Lets one of the calls that change a disk fail, counted from 1, until it is disposed of: either that one alone, as of a
 * disk that was full for a moment, or that one and all later ones, after which the disk is as a dead process leaves it.
 * The call is half done: half of the bytes are written, one file of the folder is removed.
 */
export class Faults implements Disposable {
  /** Whether the call came. */
  happened = false;
  readonly #restore: (() => void)[] = [];

  constructor(operation: number, how: "fails" | "dies") {
    let count = 0;
    for (const [owner, name] of CALLS) {
      const calls = owner as unknown as Record<string, Call>;
      const original = calls[name]!;
      const fault = (self: unknown, args: unknown[]): Error | null => {
        // Without options it only reads; what makes a folder last is its sync.
        if (name === "open" && args[1] === undefined) return null;
        count++;
        if (count === operation) {
          this.happened = true;
          half(name, original, self, args);
        }
        return (how === "fails" ? count === operation : this.happened) ? full() : null;
      };
      calls[name] = function (...args) {
        // Without options a file is opened to be read, which changes nothing.
        if (name === "open" && args.length === 1) return original.apply(this, args);
        const error = fault(this, args);
        if (error === null) return original.apply(this, args);
        if (name.endsWith("Sync")) throw error;
        return Promise.reject(error);
      };
      this.#restore.push(() => calls[name] = original);
    }
  }

  [Symbol.dispose](): void {
    for (const restore of this.#restore) restore();
  }
}

/** What the system says of a disk that is full. */
function full(): Error {
  return Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
}

function half(name: string, original: Call, self: unknown, args: unknown[]): void {
  if (name === "writeSync") {
    const bytes = args[0] as Uint8Array;
    original.call(self, bytes.subarray(0, bytes.length >> 1));
  } else if (name === "remove") {
    const path = args[0] as string;
    const [first] = Deno.statSync(path).isDirectory ? [...Deno.readDirSync(path)] : [];
    if (first !== undefined) Deno.removeSync(`${path}/${first.name}`);
  }
}

/**
 * A folder with room for so many bytes: a file system of its own where the process may mount one, and otherwise a count
 * of the bytes written.
 */
export class SmallDisk implements AsyncDisposable {
  readonly #folder: string;
  readonly #mounted: boolean;

  private constructor(folder: string, mounted: boolean) {
    this.#folder = folder;
    this.#mounted = mounted;
  }

  static async mount(folder: string, bytes: number): Promise<SmallDisk> {
    return new SmallDisk(
      folder,
      await command("mount", "-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", folder),
    );
  }

  /** Runs what fills the disk. */
  async filling<T>(body: () => Promise<T>): Promise<T> {
    if (this.#mounted) return await body();
    // The folder, the file, its header, and some pieces.
    using _ = new Faults(6, "fails");
    return await body();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#mounted) await command("umount", this.#folder);
  }
}

async function command(name: string, ...args: string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(name, { args, stderr: "null" }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
