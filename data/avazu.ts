/**
 * The row format of Avazu's click log: id, click, hour, and 21 categorical columns, separated by commas, with or without
 * a header.
 *
 * @module
 */

/** Names of the categorical columns and how their ids are written. */
export const AVAZU_TABLES: readonly { readonly name: string; readonly hex: boolean }[] = [
  { name: "C1", hex: false },
  { name: "banner_pos", hex: false },
  { name: "site_id", hex: true },
  { name: "site_domain", hex: true },
  { name: "site_category", hex: true },
  { name: "app_id", hex: true },
  { name: "app_domain", hex: true },
  { name: "app_category", hex: true },
  { name: "device_id", hex: true },
  { name: "device_ip", hex: true },
  { name: "device_model", hex: true },
  { name: "device_type", hex: false },
  { name: "device_conn_type", hex: false },
  ...Array.from({ length: 8 }, (_, k) => ({ name: `C${k + 14}`, hex: false })),
];

/** Columns of an Avazu row: id, click, hour, ids. */
export const AVAZU_COLUMNS: number = 3 + AVAZU_TABLES.length;

/** What the header of Avazu's file begins with. */
export const AVAZU_HEADER = "id,click,hour,";
