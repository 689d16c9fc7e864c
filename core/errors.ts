/**
 * The error class for what the user can fix: entry points print its message alone. Any other error is a defect and
 * keeps its stack.
 *
 * @module
 */

/** How a message calls an option, which the library knows as a field: `plan.alpha`. */
export type OptionNaming = (field: string) => string;

/** A sentence, or a function that makes it from the names by which the reader knows the options. */
export type UserMessage = string | ((option: OptionNaming) => string);

/**
 * What was wrong, where, and what would be right, in one sentence.
 *
 * @category Errors
 */
export class UserError extends Error {
  readonly #tell: (option: OptionNaming) => string;

  /**
   * Says what the user can fix.
   *
   * @param message "Cannot X: Y is Z" in one sentence, sentence case, no full stop. A function where it names options by
   * their fields, so that a command can name its flags instead: `(option) => \`Cannot use ${option("plan.alpha")} 0: …\``.
   */
  constructor(message: UserMessage) {
    super(typeof message === "string" ? message : message((field) => field));
    this.name = "UserError";
    this.#tell = typeof message === "string" ? () => message : message;
  }

  /** The message with options called as `option` calls them; `message` has the names of the fields. */
  tell(option: OptionNaming): string {
    return this.#tell(option);
  }
}

/**
 * A wrong option or command line, found before any work was done.
 *
 * @category Errors
 */
export class UsageError extends UserError {}

/** The same kind of error with another message, which is made from its own, whatever the options are called. */
export function reworded(
  error: UserError,
  change: (message: string, option: OptionNaming) => string,
): UserError {
  const message = (option: OptionNaming): string => change(error.tell(option), option);
  return error instanceof UsageError ? new UsageError(message) : new UserError(message);
}
