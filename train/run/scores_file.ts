/**
 * Scores of inputs as a CSV file: number of the input, its label, the probability of a click.
 *
 * @module
 */

import { WholeFile } from "../../core/files.ts";

/** Digits of a probability: those that a float32 has. */
const DIGITS = 7;

/** Writes scores as they come; the file appears when it is complete. */
export class ScoresFile implements AsyncDisposable {
  readonly #file: WholeFile;
  readonly #labelled: boolean;
  #inputs = 0;

  private constructor(file: WholeFile, labelled: boolean) {
    this.#file = file;
    this.#labelled = labelled;
  }

  /**
   * Begins a file.
   *
   * @param labelled Whether the inputs have labels; without, there is no such column.
   * @throws {UserError} It cannot be written.
   */
  static async create(path: string, labelled: boolean): Promise<ScoresFile> {
    const file = await WholeFile.create(path);
    const scores = new ScoresFile(file, labelled);
    await scores.#write(labelled ? "input,label,probability\n" : "input,probability\n");
    return scores;
  }

  /** Appends inputs, from 0 on in their order. */
  async add(logits: Float32Array, labels: Float32Array): Promise<void> {
    const lines: string[] = [];
    for (let i = 0; i < logits.length; i++) {
      const probability = Number((1 / (1 + Math.exp(-logits[i]!))).toPrecision(DIGITS));
      const label = this.#labelled ? `${labels[i]},` : "";
      lines.push(`${this.#inputs++},${label}${probability}\n`);
    }
    await this.#write(lines.join(""));
  }

  /** Puts the file in its place. */
  async commit(): Promise<void> {
    await this.#file.commit();
  }

  /** Removes what is not complete. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }

  async #write(text: string): Promise<void> {
    await this.#file.write(new TextEncoder().encode(text));
  }
}
