/**
 * Times in text.
 *
 * @module
 */

import { twoDigits } from "../fields.ts";
import { parseNumber } from "../numbers.ts";
import type { TimeSpelling } from "./log_schema.ts";

const decoder = new TextDecoder();
const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * Seconds since 1970 of an ISO 8601 date or time, a space allowed for the T; without a zone it is UTC. Null where it is
 * none, or no such day.
 */
export function parseTime(text: string): number | null {
  const match = ISO.exec(text);
  if (match === null) return null;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const [hour, minute, second] = [match[4], match[5], match[6]].map((part) => Number(part ?? 0));
  const ms = Date.UTC(year, month - 1, day);
  const date = new Date(ms);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  if (hour! > 23 || minute! > 59 || second! > 60) return null;
  const zone = match[7];
  let offset = 0;
  if (zone !== undefined && zone !== "Z") {
    const digits = zone.slice(1).replace(":", "");
    const minutes = 60 * Number(digits.slice(0, 2)) + Number(digits.slice(2));
    offset = (zone[0] === "-" ? -60 : 60) * minutes;
  }
  return ms / 1000 + 3600 * hour! + 60 * minute! + second! - offset;
}

/**
 * Whole seconds since 1970 of the field `buffer[from … to)`; null where it is no such time, or none from 1970 to 2106, which
 * 32 bits hold.
 *
 * @param point The byte before the fraction of seconds or milliseconds; by default a point.
 */
export function parseTimeField(
  format: TimeSpelling,
  buffer: Uint8Array,
  from: number,
  to: number,
  point?: number,
): number | null {
  let seconds: number | null;
  switch (format) {
    case "seconds":
      seconds = parseNumber(buffer, from, to, point);
      break;
    case "milliseconds":
      seconds = parseNumber(buffer, from, to, point) / 1000;
      break;
    case "YYMMDDHH":
      seconds = parseHour(buffer, from, to);
      break;
    case "ISO 8601":
      seconds = parseTime(decoder.decode(buffer.subarray(from, to)));
  }
  if (seconds === null) return null;
  const whole = Math.floor(seconds);
  return whole >= 0 && whole < 2 ** 32 ? whole : null;
}

/** Seconds since 1970 of eight digits YYMMDDHH of the years 2000 to 2099; null where they are none. */
function parseHour(buffer: Uint8Array, from: number, to: number): number | null {
  if (to - from !== 8) return null;
  const year = twoDigits(buffer, from), month = twoDigits(buffer, from + 2);
  const day = twoDigits(buffer, from + 4), hour = twoDigits(buffer, from + 6);
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23) {
    return null;
  }
  return Date.UTC(2000 + year, month - 1, day, hour) / 1000;
}
