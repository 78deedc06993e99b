import { bool, byteQueue, bytes, deadline, list, record, u8 } from '../../base/state-field.ts';
import type { FieldValue } from '../../base/state-field.ts';
import { defineState } from '../../base/state-schema.ts';
import type { StateOf } from '../../base/state-schema.ts';

export const DRIVES = 2;

const drive = record('one drive', {
  track: u8('where the heads are'),
  changed: bool('DSKCHG: the disk was changed since the heads moved last', true),
});

export const floppyState = defineState({
  name: 'floppy',
  version: 1,
  fields: {
    output: u8('digital output register', 0x0c),
    tape: u8('tape drive register'),
    rate: u8('data rate select, 0 to 3', 2),
    phase: u8('0 takes a command, 1 executes one, 2 gives results'),
    command: byteQueue(9, 'bytes of the command so far, or of the one that is executed'),
    results: byteQueue(10, 'bytes that are to be read yet'),
    interrupt: bool('an interrupt is pending'),
    senses: byteQueue(4, 'ST0 of seeks that ended, for Sense Interrupt Status'),
    due: deadline('when the seek or the reset ends that is under way'),
    seeking: u8('drives that seek, a bit each'),
    resetting: bool('what is due is the interrupt after a reset'),
    drives: list(DRIVES, drive),
    cylinders: bytes(4, 'PCN: the track that the controller takes each drive to be on'),
    position: bytes(4, 'C, H, R and N of the sector that is transferred next'),
    staged: bytes(512, 'a sector that was taken from memory and is to be written to the disk'),
    hasStaged: bool('`staged` is not on the disk yet'),
    stagedIsLast: bool('the terminal count was met with it'),
    left: u8('sectors that Verify has left; with 0 the end of the track counts'),
    specified: bytes(2, 'what Specify set'),
    configured: bytes(2, 'what Configure set: modes, and where precompensation begins'),
    perpendicular: u8('what Perpendicular Mode set'),
    locked: bool('Lock: a software reset keeps what Configure set'),
  },
});

export type FloppyState = StateOf<typeof floppyState>;
export type FloppyDriveState = FieldValue<typeof drive>;

export const PHASE = { command: 0, execution: 1, result: 2 } as const;
