/**
 * The one error class that means "the person can mend this": entry points print its message alone and exit with
 * its status. Everything else is a defect and keeps its stack.
 *
 * @module
 */

/**
 * What was wrong, where, and what would be right, in one sentence.
 *
 * @category Errors
 */
export class UserError extends Error {
  /** Exit status of the command: 2 for a wrong command line, 1 for anything found later. */
  readonly status: 1 | 2;

  /**
   * Names what the person can mend.
   *
   * @param message "Cannot X: Y is Z" in one sentence, sentence case, no full stop.
   * @param status Exit status of the command; 1 unless the command line is wrong.
   */
  constructor(message: string, status: 1 | 2 = 1) {
    super(message);
    this.name = "UserError";
    this.status = status;
  }
}
