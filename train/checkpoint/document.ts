/**
 * `checkpoint.json`: what a checkpoint's files are, and what its owner wrote beside the tensors. Its last line is the
 * SHA-256 of all bytes before it, so that any change of it is noticed.
 *
 * @module
 */

import { formatSealed, isSealed } from "../../core/json_file.ts";
import type { Json } from "../run/result.ts";

/** Grows when a member changes its meaning or goes; another version is refused. */
export const CHECKPOINT_SCHEMA_VERSION = 1;

/** Name of the document in a checkpoint's folder. */
export const DOCUMENT_FILE = "checkpoint.json";
/** Name of the tensors' file in a checkpoint's folder. */
export const STATE_FILE = "state.safetensors";

/** What `checkpoint.json` says, but for the checksum at its end. */
export interface CheckpointDocument {
  readonly schema: "slipstream.checkpoint";
  readonly schema_version: number;
  /** Counts the saves of a folder; the newest checkpoint has the greatest. */
  readonly sequence: number;
  /** Names of the checkpoints that were there when it was saved: they are older, even if they cannot be read. */
  readonly older: readonly string[];
  /** ISO 8601, UTC. */
  readonly saved_at: string;
  /** Length and SHA-256 of every other file. */
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
  /** The owner's own. */
  readonly document: Json;
}

/** The document as text, with its checksum. Ends with a newline. */
export function formatDocument(document: CheckpointDocument): string {
  return formatSealed(document);
}

/**
 * Reads what `formatDocument` wrote.
 *
 * @returns The document, or what is wrong with the bytes as the end of a sentence on the file.
 */
export function parseDocument(bytes: Uint8Array): CheckpointDocument | string {
  let text: string;
  let value: Partial<CheckpointDocument> | null;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    return "is cut short or damaged: it is not JSON";
  }
  if (value?.schema !== "slipstream.checkpoint") {
    return `is of schema ${JSON.stringify(value?.schema)} and must be slipstream.checkpoint`;
  }
  if (value.schema_version !== CHECKPOINT_SCHEMA_VERSION) {
    return `has the schema version ${
      JSON.stringify(value.schema_version)
    } and must have ${CHECKPOINT_SCHEMA_VERSION}: load it with the version that saved it`;
  }
  if (!isSealed(text)) return "was changed after it was saved";
  return value as CheckpointDocument;
}
