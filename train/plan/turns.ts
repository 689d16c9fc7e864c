/**
 * In which order an epoch's cold and hot minibatches come.
 *
 * `cold-then-hot`, as the artifact: all cold ones, then all hot ones.
 *
 * `interleaved`, our definition of what the FAE paper calls its Shuffle Scheduler: rounds of a share of all cold inputs and
 * then the same share of all hot inputs. The share is the rate R in percent, at first 50 by default. After each round the
 * loss on some inputs that are not trained on is measured; where it rose, R is halved (down to 1), so that the two kinds
 * mix more finely; where it fell four times in a row, R is doubled (up to 100), so that there are fewer switches.
 *
 * @module
 */

import type { TurnOrder } from "./options.ts";

const MOST_RATE = 100;
/** A forward pass over a twentieth of a round costs about 2 % of the round. */
const LEAST_MEASURED = 2048, MEASURED_SHARE = 20;
/** Falls of the loss in a row at which the rate is doubled. */
const FALLS = 4;

/** Where the turns of an epoch are. */
export interface TurnsState {
  readonly turn: "cold" | "hot";
  /** Inputs of the turn's kind that are to be done by its end. */
  readonly until: number;
  readonly rate: number;
  readonly loss: number | null;
  readonly falls: number;
}

/** Turns of cold and hot minibatches in an epoch. */
export class Turns {
  readonly #order: TurnOrder;
  readonly #totals: Readonly<Record<"cold" | "hot", number>>;
  readonly #batch: number;
  readonly #leastRate: number;
  #turn: "cold" | "hot" = "cold";
  #until: number;
  #rate: number;
  #loss: number | null;
  #falls: number;

  /**
   * @param totals Inputs of each kind in the epoch.
   * @param rates R at first, and the least that it falls to, in percent.
   * @param before The turns of the epoch before, whose rate goes on.
   */
  constructor(
    order: TurnOrder,
    totals: Readonly<Record<"cold" | "hot", number>>,
    batch: number,
    { rate, leastRate }: { readonly rate: number; readonly leastRate: number },
    before: Turns | null = null,
  ) {
    this.#order = order;
    this.#totals = totals;
    this.#batch = batch;
    this.#leastRate = leastRate;
    this.#rate = before?.rate ?? rate;
    this.#loss = before?.state().loss ?? null;
    this.#falls = before?.state().falls ?? 0;
    this.#until = 0;
    this.#until = this.#end("cold", 0);
  }

  /** Whose turn it is. */
  get turn(): "cold" | "hot" {
    return this.#turn;
  }

  /** R, in percent. */
  get rate(): number {
    return this.#rate;
  }

  /**
   * Whether the turn is over.
   *
   * @param done Inputs done of the turn's kind.
   */
  over(done: number): boolean {
    return done >= this.#until;
  }

  /** Gives the turn to the other kind, of which `done` inputs are done. */
  switch(done: number): void {
    this.#turn = this.#turn === "cold" ? "hot" : "cold";
    this.#until = this.#end(this.#turn, done);
  }

  /** Takes the loss after a round. Returns whether the rate has changed. */
  measured(loss: number): boolean {
    const before = this.#loss, rate = this.#rate;
    this.#loss = loss;
    if (before !== null && loss > before) {
      this.#falls = 0;
      this.#rate = Math.max(this.#leastRate, rate / 2);
    } else if (before !== null && loss < before && ++this.#falls >= FALLS) {
      this.#falls = 0;
      this.#rate = Math.min(MOST_RATE, rate * 2);
    }
    return this.#rate !== rate;
  }

  /** On how many inputs the loss after a round is measured: a twentieth of the round's, at least 2,048. */
  get measuredInputs(): number {
    const round = (this.#totals.cold + this.#totals.hot) * this.#rate / 100;
    return Math.max(LEAST_MEASURED, Math.round(round / MEASURED_SHARE));
  }

  /** Whether losses are wanted. */
  get adapts(): boolean {
    return this.#order === "interleaved";
  }

  /** Where it is. */
  state(): TurnsState {
    return {
      turn: this.#turn,
      until: this.#until,
      rate: this.#rate,
      loss: this.#loss,
      falls: this.#falls,
    };
  }

  /** Goes on from a state. */
  restore({ turn, until, rate, loss, falls }: TurnsState): void {
    this.#turn = turn;
    this.#until = until;
    this.#rate = rate;
    this.#loss = loss;
    this.#falls = falls;
  }

  #end(kind: "cold" | "hot", done: number): number {
    if (this.#order === "cold-then-hot") return this.#totals[kind];
    // Whole minibatches, so that a turn's end makes none smaller.
    const share = Math.max(1, Math.ceil(this.#totals[kind] * this.#rate / 100 / this.#batch));
    return Math.min(this.#totals[kind], done + share * this.#batch);
  }
}
