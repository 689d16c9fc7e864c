/**
 * JSON documents as files: read up to a size, and sealed, which means that the last member, `sha256`, is the SHA-256 of
 * all bytes before it, so that any change of the file is noticed.
 *
 * @module
 */

import { fs } from "./deno.ts";
import { UserError } from "./errors.ts";
import { fileError, readFully, Sha256 } from "./files.ts";
import { formatBytes } from "./format.ts";
import { printable } from "./printable.ts";

/** What is known of a file before it is read. */
export interface JsonFileOptions {
  /** How messages begin: `Cannot use machine x.json`. */
  readonly cannot: string;
  /** A larger file is refused before it is read further. */
  readonly mostBytes: number;
  /**
   * Whether a file without a seal is refused: `required` for what only the project writes, `optional` where a person may
   * write one.
   */
  readonly seal: "required" | "optional";
  /** What to do about a file that is damaged, as the end of a sentence: `; run the experiment again`. */
  readonly otherwise?: string;
}

/**
 * Reads a file up to a size.
 *
 * @throws {UserError} It cannot be read, or is larger.
 */
export async function readBounded(path: string, mostBytes: number): Promise<Uint8Array> {
  try {
    return await read(path, mostBytes);
  } catch (error) {
    throw fileError("read", path, error);
  }
}

/** As {@linkcode readBounded}, but null where there is no such file. */
export async function readBoundedIfThere(
  path: string,
  mostBytes: number,
): Promise<Uint8Array | null> {
  try {
    return await read(path, mostBytes);
  } catch (error) {
    // Nothing lies below a file either.
    const { NotADirectory, NotFound } = fs.errors;
    if (error instanceof NotFound || error instanceof NotADirectory) return null;
    throw fileError("read", path, error);
  }
}

async function read(path: string, mostBytes: number): Promise<Uint8Array> {
  using file = await fs.open(path);
  const { size, isFile } = await file.stat();
  if (isFile && size > mostBytes) throw tooLarge(path, mostBytes);
  // Pipes have no size.
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (let room = isFile ? size + 1 : 1 << 16;; room = 1 << 20) {
    const piece = new Uint8Array(room);
    const count = await readFully(file, piece);
    pieces.push(piece.subarray(0, count));
    length += count;
    if (length > mostBytes) throw tooLarge(path, mostBytes);
    if (count < room) return joined(pieces, length);
  }
}

/**
 * Reads a JSON document.
 *
 * @returns Its value, without the seal.
 * @throws {UserError} The file cannot be read, is too large, is no JSON, or is not as it was written.
 */
export async function readJsonFile(path: string, options: JsonFileOptions): Promise<unknown> {
  return parseSealed(await readBounded(path, options.mostBytes), options);
}

/** As {@linkcode readJsonFile}, but null where there is no such file. */
export async function readJsonFileIfThere(
  path: string,
  options: JsonFileOptions,
): Promise<{ readonly json: unknown } | null> {
  const bytes = await readBoundedIfThere(path, options.mostBytes);
  return bytes === null ? null : { json: parseSealed(bytes, options) };
}

/**
 * The value of a JSON document's bytes, without the seal.
 *
 * @throws {UserError} They are no JSON, or not as they were written.
 */
export function parseSealed(
  bytes: Uint8Array,
  { cannot, seal, otherwise = "" }: Pick<JsonFileOptions, "cannot" | "seal" | "otherwise">,
): unknown {
  const refuse = (reason: string): never => {
    throw new UserError(`${cannot}: ${reason}`);
  };
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse(`it is not UTF-8 text, so it is damaged or no JSON file${otherwise}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const { message } = error as Error;
    return refuse(`it is not JSON, or cut short (${printable(message)})${otherwise}`);
  }
  if (typeof value !== "object" || value === null || !("sha256" in value)) {
    if (seal === "required") {
      refuse(`it ends without a checksum, so it is of an older version or was changed${otherwise}`);
    }
    return value;
  }
  const { sha256: _, ...content } = value;
  if (!isSealed(text)) {
    refuse(
      seal === "required"
        ? `it was changed after it was written${otherwise}`
        : `it was changed after it was written: remove its member "sha256" if that was meant${otherwise}`,
    );
  }
  return content;
}

/** A document as text that ends with its seal and a newline. Indented by default. */
export function formatSealed(document: object, indent = 2): string {
  return sealText(JSON.stringify(document, null, indent));
}

/** Whether a text ends with the seal of all before it. */
export function isSealed(text: string): boolean {
  const body = text.slice(0, -sealOf("").length);
  return text === body + sealOf(body);
}

/** Puts the seal at the end of an object's text. */
function sealText(text: string): string {
  const body = text.trimEnd().replace(/\s*\}$/, "");
  return body + sealOf(body);
}

function sealOf(body: string): string {
  return `,\n  "sha256": "${new Sha256().update(body).hex()}"\n}\n`;
}

/** The error of a file that is larger than any of its kind. */
export function tooLarge(path: string, mostBytes: number): UserError {
  return new UserError(
    `Cannot read ${path}: it has more than ${
      formatBytes(mostBytes)
    }, which no file of its kind has`,
  );
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
