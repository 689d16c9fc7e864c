/** What some systems have not got, so that tests of it are left out there. */

/** Whether a process can be sent a signal that it may listen to: on Windows it would end at once. */
export const HAS_SIGNALS: boolean = Deno.build.os !== "windows";

/** Whether streams can be closed and piped by a POSIX shell. */
export const HAS_POSIX_SHELL: boolean = Deno.build.os !== "windows";

/** Whether there is a file that a disk is always full for. */
export const HAS_DEV_FULL: boolean = Deno.build.os === "linux";
