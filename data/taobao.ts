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
