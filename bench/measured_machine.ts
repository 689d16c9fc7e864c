/**
 * The machine file of a results folder: what calibration has measured on the machine at hand.
 *
 * @module
 */

import { makeFolder } from "../core/files.ts";
import { calibrate, fingerprintOf } from "../sim/calibrate/calibrate.ts";
import { type MachineDocument, readMachine, writeMachine } from "../sim/machine.ts";
import type { Fingerprint } from "../sim/runtime/rates.ts";
import { differences } from "../sim/validate/validate.ts";
import { openPlaced } from "../train/model/placement.ts";
import type { DeviceNote, SettingsOf } from "./experiment.ts";
import { MACHINE_FILE } from "./folder_names.ts";
import { occasionally } from "./occasionally.ts";

/** Settings that calibration takes. */
type MachineSettings = SettingsOf<"device" | "threads">;

/** A machine file of this machine. */
interface MeasuredMachine {
  readonly machine: MachineDocument;
  readonly device: DeviceNote;
  /** When it was measured, as a note of the findings. */
  readonly how: string;
}

/**
 * The folder's machine file where it is of this machine and device, or one that is measured and written now.
 *
 * @param command What the file says that it was measured by.
 */
export async function measuredMachine(
  settings: MachineSettings,
  command: string,
): Promise<MeasuredMachine> {
  const { fingerprint, device } = await lookAround(settings);
  return { device, ...await machineOfFolder(settings, fingerprint, command) };
}

/** What would be measured here. */
async function lookAround(
  settings: MachineSettings,
): Promise<{ readonly fingerprint: Fingerprint; readonly device: DeviceNote }> {
  using placed = await openPlaced("hot", { ...settings, stageTimes: true });
  const { device, host } = placed;
  const { kind, name, isFallbackAdapter } = device.info;
  return {
    fingerprint: fingerprintOf(device, host!, settings.wide),
    device: { kind, name, isFallbackAdapter },
  };
}

/** The folder's machine file where it is of this machine, or one that is measured and written now. */
async function machineOfFolder(
  settings: MachineSettings,
  here: Fingerprint,
  command: string,
): Promise<{ readonly machine: MachineDocument; readonly how: string }> {
  const path = `${settings.out}/${MACHINE_FILE}`;
  const known = await usableMachine(path);
  const rates = known?.runtime;
  if (
    known !== null && rates !== undefined && differences(rates.fingerprint, here).length === 0 &&
    (settings.smoke || !rates.quick)
  ) {
    return { machine: known, how: `The machine file ${path} was measured before on this machine` };
  }
  const tell = occasionally(settings.say);
  settings.say("calibrating: measuring single operations on this machine");
  const machine = await calibrate({
    device: here.device,
    ...settings.threads === null ? {} : { threads: settings.threads },
    wide: settings.wide,
    quick: settings.smoke,
    command,
    onCase: (done, total) => tell(`calibrated ${done} of ${total} cases`),
    signal: settings.signal,
  });
  await makeFolder(settings.out);
  await writeMachine(path, machine);
  return { machine, how: `The machine file ${path} was measured just before the runs` };
}

/** A machine file; null where there is none that can be used. */
async function usableMachine(path: string): Promise<MachineDocument | null> {
  try {
    return await readMachine(path);
  } catch {
    // Missing, damaged or of another version: measured again.
    return null;
  }
}
