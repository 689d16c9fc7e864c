/**
 * Errors of a thread as the thread that started it throws them.
 *
 * @module
 */

import { UsageError, UserError } from "../../core/errors.ts";
import { LookupError } from "../../kernels/embedding/group.ts";

/** An error as a message. */
export interface SentError {
  /** Which class it is of; `Error` for others than those that callers tell apart. */
  readonly name: "UserError" | "UsageError" | "LookupError" | "RangeError" | "Error";
  readonly message: string;
  readonly stack: string | undefined;
}

/** An error to be sent. */
export function sentError(error: unknown): SentError {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const name = error instanceof UsageError
    ? "UsageError"
    : error instanceof UserError
    ? "UserError"
    : error instanceof LookupError
    ? "LookupError"
    : error instanceof RangeError
    ? "RangeError"
    : "Error";
  return { name, message, stack };
}

const CLASSES = { UserError, UsageError, LookupError, RangeError, Error } as const;

/** The error that was sent, with the stack of the thread that met it. */
export function receivedError({ name, message, stack }: SentError): Error {
  const error = new CLASSES[name](message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
