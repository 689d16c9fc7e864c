/**
 * Safetensors files with a checksum, which stay files that every other program reads: the header's metadata hold the SHA-256
 * of the file as it is with zeros in place of that checksum.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { Sha256 } from "../../core/files.ts";
import { type SafetensorsFile, type TensorSource, writeSafetensors } from "./safetensors.ts";

/** Key of the checksum in the metadata. */
export const SEAL_KEY = "slipstream_sha256";

const UNKNOWN = "0".repeat(64);

/**
 * Writes a file with its checksum, whole or not at all.
 *
 * @param metadata Other strings for the header.
 * @returns The checksum.
 * @throws {UserError} The file cannot be written.
 */
export async function writeSealed(
  path: string,
  tensors: readonly TensorSource[],
  metadata: Readonly<Record<string, string>>,
): Promise<string> {
  const hash = new Sha256();
  let place: number | null = null, seal = "";
  await writeSafetensors(
    path,
    tensors,
    // First, so that it lies in the first bytes however long the others are.
    { [SEAL_KEY]: UNKNOWN, ...metadata },
    (bytes) => {
      place ??= placeOf(bytes, UNKNOWN);
      hash.update(bytes);
    },
    (file) => {
      seal = hash.hex();
      file.overwrite(place!, new TextEncoder().encode(seal));
    },
  );
  return seal;
}

/**
 * Checks a file against its checksum, for which all of it is read.
 *
 * @returns The checksum; null where it has none, as files of other programs.
 * @throws {UserError} The file is not as it was written.
 */
export async function checkSeal(file: SafetensorsFile): Promise<string | null> {
  const seal = file.metadata.get(SEAL_KEY);
  if (seal === undefined) return null;
  const hash = new Sha256();
  let start = true;
  await file.readWhole((bytes) => {
    if (start) {
      const place = placeOf(bytes, seal);
      if (place !== null) bytes.set(new TextEncoder().encode(UNKNOWN), place);
      start = false;
    }
    hash.update(bytes);
  });
  if (hash.hex() !== seal) {
    throw new UserError(
      `Cannot use ${file.path}: it was changed after it was written; copy it anew, or write it without the metadata "${SEAL_KEY}" if that was meant`,
    );
  }
  return seal;
}

/** Where a file's first bytes hold the checksum; null where they do not. The metadata are the first member of the header. */
function placeOf(bytes: Uint8Array, seal: string): number | null {
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, 1 << 16));
  const key = `"${SEAL_KEY}":"`;
  const at = text.indexOf(`${key}${seal}"`);
  return at < 0 ? null : at + key.length;
}
