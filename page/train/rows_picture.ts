/**
 * The picture of rows: a dot for each watched row, over how far it moved.
 *
 * @module
 */

/// <reference lib="dom" />

import { placeDots } from "./dots.ts";
import { type MovementScale, placeOf, ticksOf } from "./scale.ts";

/** What the picture shows. */
export interface RowsView {
  /** How far each row moved; NaN for rows that were not looked up. */
  readonly scores: Float32Array;
  /** T; null before a decision. */
  readonly threshold: number | null;
  /** What the last decision had of each row; null before. */
  readonly decided: Float32Array | null;
  readonly domain: readonly [number, number];
}

/** Space around the axis, in CSS pixels: what the picture below it needs as well, so that both axes agree. */
export const SIDES = { left: 56, right: 14 } as const;
const FLOOR = 26, TOP = 20;
/** Milliseconds in which a dot goes most of the way to its new place. */
const GLIDE_MS = 140;
const FAMILIES = ["still", "moving", "undecided"] as const;

/** Draws on a canvas, and moves dots to new places smoothly unless the visitor wants less motion. */
export class RowsPicture {
  readonly #canvas: HTMLCanvasElement;
  readonly #calm = matchMedia("(prefers-reduced-motion: reduce)");
  #view: RowsView;
  #places: Float32Array = new Float32Array(0);
  #targets: Float32Array = new Float32Array(0);
  #frame: number | null = null;
  #drawnAt = 0;

  constructor(canvas: HTMLCanvasElement, view: RowsView) {
    this.#canvas = canvas;
    this.#view = view;
    new ResizeObserver(() => this.show(this.#view, true)).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
  }

  /** Shows something else. */
  show(view: RowsView, atOnce = false): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (width === 0) return;
    this.#view = view;
    const radius = width < 500 ? 2 : 3;
    this.#targets = placeDots(view.scores, {
      scale: this.#scale(),
      floor: height - FLOOR,
      height: height - FLOOR - TOP,
      radius,
      gutter: { left: 4, columns: Math.floor((SIDES.left - 16) / (2 * radius + 1)) },
    });
    const jumps = atOnce || this.#calm.matches || this.#places.length !== this.#targets.length;
    if (jumps) this.#places = this.#targets.slice();
    this.#frame ??= requestAnimationFrame((now) => this.#turn(now));
  }

  #scale(): MovementScale {
    const { domain } = this.#view;
    return { domain, left: SIDES.left, right: this.#canvas.clientWidth - SIDES.right };
  }

  #turn(now: number): void {
    this.#frame = null;
    const share = 1 - Math.exp(-Math.min(100, now - this.#drawnAt) / GLIDE_MS);
    this.#drawnAt = now;
    let farthest = 0;
    for (let i = 0; i < this.#places.length; i++) {
      const left = this.#targets[i]! - this.#places[i]!;
      this.#places[i]! += left * share;
      farthest = Math.max(farthest, Math.abs(left));
    }
    this.#draw();
    if (farthest > 0.3) this.#frame = requestAnimationFrame((next) => this.#turn(next));
  }

  #draw(): void {
    const canvas = this.#canvas, { clientWidth: width, clientHeight: height } = canvas;
    const ratio = devicePixelRatio;
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    const context = canvas.getContext("2d")!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const style = getComputedStyle(canvas);
    const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
    this.#drawAxis(context, colour, width, height - FLOOR);
    this.#drawDots(context, colour, width < 500 ? 2 : 3);
    this.#drawThreshold(context, colour, height - FLOOR);
    if (this.#view.scores.length > 0) return;
    context.fillStyle = colour("muted");
    context.font = "14px system-ui, sans-serif";
    context.textAlign = "center";
    context.fillText("Rows appear here soon after the start", width / 2, (height - FLOOR) / 2);
  }

  #drawAxis(
    context: CanvasRenderingContext2D,
    colour: (name: string) => string,
    width: number,
    floor: number,
  ): void {
    const scale = this.#scale();
    context.strokeStyle = colour("line");
    context.fillStyle = colour("muted");
    context.lineWidth = 1;
    context.font = "12px system-ui, sans-serif";
    context.textAlign = "center";
    context.beginPath();
    context.moveTo(SIDES.left, floor + 0.5);
    context.lineTo(width - SIDES.right, floor + 0.5);
    const unused = this.#view.scores.some(Number.isNaN) ? "unused" : "";
    let last = unused === "" ? -Infinity : 4 + context.measureText(unused).width;
    for (const { at, label } of ticksOf(scale)) {
      const x = placeOf(scale, at);
      context.moveTo(x, floor);
      context.lineTo(x, floor + 4);
      const half = context.measureText(label).width / 2;
      const middle = Math.min(x, width - half);
      if (middle - half < last + 8) continue;
      context.fillText(label, middle, floor + 18);
      last = middle + half;
    }
    context.stroke();
    context.textAlign = "left";
    context.fillText(unused, 4, floor + 18);
  }

  #drawDots(
    context: CanvasRenderingContext2D,
    colour: (name: string) => string,
    radius: number,
  ): void {
    const { scores, decided, threshold } = this.#view;
    const paths = FAMILIES.map((family) => ({ family, path: new Path2D() }));
    for (let r = 0; r < scores.length; r++) {
      const known = decided?.[r] ?? NaN;
      const family = threshold === null || Number.isNaN(known) ? 2 : known < threshold ? 0 : 1;
      const x = this.#places[2 * r]!, y = this.#places[2 * r + 1]!;
      paths[family]!.path.moveTo(x + radius, y);
      paths[family]!.path.arc(x, y, radius, 0, 2 * Math.PI);
    }
    for (const { family, path } of paths) {
      context.fillStyle = colour(family);
      context.fill(path);
    }
  }

  #drawThreshold(
    context: CanvasRenderingContext2D,
    colour: (name: string) => string,
    floor: number,
  ): void {
    const { threshold } = this.#view;
    if (threshold === null) return;
    const scale = this.#scale(), x = Math.round(placeOf(scale, threshold)) + 0.5;
    context.strokeStyle = context.fillStyle = colour("ink");
    context.lineWidth = 1.5;
    context.beginPath();
    context.moveTo(x, 4);
    context.lineTo(x, floor + 4);
    context.stroke();
    context.font = "600 12px system-ui, sans-serif";
    context.textAlign = "right";
    context.fillText("stale ← T", x - 6, 14);
    context.textAlign = "left";
    if (scale.right - x > 90) context.fillText("→ still learning", x + 6, 14);
  }
}
