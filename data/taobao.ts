/**
 * The row format of Taobao's UserBehavior log: user, item, category, behaviour, time, separated by commas, no header. A row
 * is an event, not an input.
 *
 * @module
 */

/** Columns of a row. */
export const TAOBAO_FIELDS: readonly string[] = ["user", "item", "category", "behaviour", "time"];

/** What a user can do with an item. All kinds of behaviour are taken alike. */
export const TAOBAO_BEHAVIOURS: readonly string[] = ["pv", "buy", "cart", "fav"];

/** Names of the tables, in TBSM's order. */
export const TAOBAO_TABLES: readonly string[] = ["user", "item", "category"];

/** Time steps of an input. */
export const TAOBAO_STEPS = 21;

/**
 * The nine days that the log is said to cover, 25 November to 3 December 2017 in China, as [from, to) in Unix seconds. Some
 * events lie outside, by minutes or by decades.
 */
export const TAOBAO_TIMES: readonly [from: number, to: number] = [1_511_539_200, 1_512_316_800];

/** A field of an event. */
export type EventField = "user" | "item" | "category" | "behaviour" | "time";

/** How a file of events is laid out. */
export interface EventLayout {
  /** One character between the columns. */
  readonly separator: string;
  /** What the header calls the fields that it has; null for files without a header. */
  readonly header: Readonly<Partial<Record<EventField, string>>> | null;
  /** Columns of a row. */
  readonly columns: number;
  /** The column of each field, counted from 0; that of the behaviour is -1 where there is none. */
  readonly places: Readonly<Record<EventField, number>>;
  /** Of the times. */
  readonly unit: "seconds" | "milliseconds";
  /** Unix seconds [from, to) that events must lie in; null for any from 1970 to 2106. */
  readonly window: readonly [from: number, to: number] | null;
  /** Whether a behaviour must be one of {@link TAOBAO_BEHAVIOURS}. */
  readonly strict: boolean;
}

/** The layout of Tianchi's own file. */
export const TAOBAO_LAYOUT: EventLayout = {
  separator: ",",
  header: null,
  columns: TAOBAO_FIELDS.length,
  places: { user: 0, item: 1, category: 2, behaviour: 3, time: 4 },
  unit: "seconds",
  window: TAOBAO_TIMES,
  strict: true,
};
