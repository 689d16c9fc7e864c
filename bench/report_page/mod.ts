/**
 * The report of a results folder: one HTML page, and its figures as SVG files.
 *
 * @module
 */

export { drawFigureSvg } from "../../figures/figure_svg.ts";
export { reportPage } from "./page.ts";
export { writeReport } from "./write_report.ts";
