import { SLEEP_TYPE_S5 } from '../acpi/acpi-ports.ts';
import { littleEndian } from './fw-cfg.ts';

/** A range of the memory map as `etc/e820` has it. */
export interface MemoryRange {
  readonly address: number;
  readonly length: number;
  readonly usable: boolean;
}

const join = (parts: readonly Uint8Array[]): Uint8Array => {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
};

/** `etc/e820`: guest memory, of which firmware takes what it needs itself. */
export const memoryMapFile = (ranges: readonly MemoryRange[]): Uint8Array =>
  join(
    ranges.flatMap(({ address, length, usable }) => [
      littleEndian(address, 8),
      littleEndian(length, 8),
      littleEndian(usable ? 1 : 2, 4),
    ]),
  );

/** `bootorder`: paths of devices as Open Firmware writes them, the first to be tried first, such as `/pci@i0cf8/scsi@4/disk@0,0`. */
export const bootOrderFile = (paths: readonly string[]): Uint8Array =>
  Uint8Array.from(`${paths.join('\n')}\0`, (character) => character.charCodeAt(0));

/** `etc/boot-fail-wait`: how long firmware waits before it tries to boot anew, in milliseconds. `undefined`: for ever. */
export const bootFailWaitFile = (milliseconds: number | undefined): Uint8Array =>
  littleEndian(milliseconds ?? 0xffff_ffff, 4);

/** `etc/system-states`: of S0 to S5 whether the board has the state (bit 7), and its type number. There are S0 and S5. */
export const systemStatesFile = (): Uint8Array => Uint8Array.of(0x80, 0, 0, 0, 0, 0x80 | SLEEP_TYPE_S5);
