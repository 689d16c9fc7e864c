/**
 * Numbers for people: counts, rates, sizes and durations, the same in every locale.
 *
 * @module
 */

/** An integer with commas between thousands: `33,762,577`. */
export function formatCount(value: number): string {
  return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Three significant digits with a decimal prefix: `13.8 k`, `2.16 G`. Non-finite numbers give `-`. */
export function formatSi(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const prefixes = ["", " k", " M", " G", " T", " P"];
  let scaled = Math.abs(value);
  let p = 0;
  while (scaled >= 999.5 && p < prefixes.length - 1) {
    scaled /= 1000;
    p++;
  }
  const sign = value < 0 ? "-" : "";
  const digits = scaled >= 99.95 || (p === 0 && Number.isInteger(scaled))
    ? 0
    : scaled >= 9.995
    ? 1
    : 2;
  return `${sign}${scaled.toFixed(digits)}${prefixes[p]}`;
}

/** Bytes in decimal units: `2.16 GB`. */
export function formatBytes(bytes: number): string {
  const text = formatSi(bytes);
  return text.includes(" ") ? `${text}B` : `${text} B`;
}

/** Seconds as `0.42 s`, `12.3 s`, `2:05` (minutes) or `1:02:05` (hours). Non-finite numbers give `-`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "-";
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  return formatClock(seconds);
}

/** Seconds as `0:07`, `2:05` or `1:02:05`; `-` where not finite. */
export function formatClock(seconds: number): string {
  if (!Number.isFinite(seconds)) return "-";
  const whole = Math.round(seconds);
  const two = (n: number) => n.toString().padStart(2, "0");
  const h = Math.floor(whole / 3600);
  const m = Math.floor(whole / 60) % 60;
  const s = whole % 60;
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** `1 step`, `2,000 steps`. */
export function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** A format of so many digits behind the point. */
export function fixed(digits: number): (value: number) => string {
  return (value) => value.toFixed(digits);
}

/** A text that goes on a sentence. */
export function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
