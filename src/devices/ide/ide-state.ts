import { bool, f64, list, record, u16, u32, u8 } from '../../base/state-field.ts';
import type { PlainData, RecordOf, StateField } from '../../base/state-field.ts';
import { defineState } from '../../base/state-schema.ts';
import type { StateOf } from '../../base/state-schema.ts';
import { DEVICE_OBSOLETE, DIAGNOSTIC_PASSED } from './ide-registers.ts';

/** How much of a transfer by way of the data register is read or written at once, in bytes. */
export const CHUNK = 128 * 1024;

/** At most `limit` bytes, saved as a hexadecimal string. */
const buffer = (limit: number, description: string): StateField<Uint8Array> => ({
  type: `buffer[${limit}]`,
  description,
  initial: () => new Uint8Array(),
  encode: (value) => Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join(''),
  decode(data: PlainData | undefined) {
    if (typeof data !== 'string' || data.length > limit * 2 || !/^([0-9a-f]{2})*$/.test(data)) {
      throw new Error(`expected at most ${limit} bytes in hexadecimal`);
    }
    return Uint8Array.from({ length: data.length / 2 }, (_, at) => Number.parseInt(data.slice(at * 2, at * 2 + 2), 16));
  },
});

/** What the drive is in the middle of. */
export const PHASE = {
  idle: 0,
  /** The host reads the data register. */
  dataIn: 1,
  /** The host writes the data register. */
  dataOut: 2,
  /** The host writes a packet. */
  packet: 3,
  /** Data goes to guest memory as soon as the bus master is started. */
  dmaIn: 4,
  dmaOut: 5,
} as const;

/** A register keeps what was in it before: a 48-bit command takes both. */
const driveFields = {
  features: u8('features register'),
  featuresBefore: u8('what the features register had before'),
  count: u8('sector count register', 1),
  countBefore: u8('what the sector count register had before'),
  low: u8('LBA low register', 1),
  lowBefore: u8('what the LBA low register had before'),
  mid: u8('LBA mid register'),
  midBefore: u8('what the LBA mid register had before'),
  high: u8('LBA high register'),
  highBefore: u8('what the LBA high register had before'),
  device: u8('device register', DEVICE_OBSOLETE),
  status: u8('status register'),
  error: u8('error register', DIAGNOSTIC_PASSED),
  command: u8('the last command'),
  interrupting: bool('INTRQ'),

  phase: u8('what it is in the middle of'),
  buffer: buffer(CHUNK, 'data on the way between the data register and the medium'),
  position: u32('bytes of the buffer that the host has read or written'),
  blockEnd: u32('where in the buffer the present block ends'),
  blockLength: u32('the longest block between two interrupts, in bytes', 512),
  address: f64('where the transfer goes on, in bytes from the start of the medium'),
  remaining: f64('bytes of the transfer that are not in the buffer yet, or to be written beyond it'),
  mustFlush: bool('whether what is written has to be on stable storage at the end'),

  multiple: u8('sectors between two interrupts of READ MULTIPLE, 0 if it is not allowed'),
  heads: u8('heads of the present geometry', 16),
  sectors: u8('sectors a track of the present geometry', 63),
  transferMode: u8('the transfer mode set by SET FEATURES', 0x45),
  writeCache: bool('whether writes may be done before they are on stable storage', true),
  standby: bool('whether the drive is spun down'),

  senseKey: u8('why the last packet failed'),
  senseCode: u16('why the last packet failed: additional sense code, and qualifier in the low byte'),
  attention: u16('a change that the host has not been told: as the sense code, 0 for none'),
  mediumEvent: u8('a change of the medium that GET EVENT STATUS has not told'),
  isLocked: bool('whether the medium may not be taken out'),
  isOpen: bool('whether the tray is open'),
};

const driveState = record('a drive', driveFields);

const channelState = record('a channel', {
  second: bool('whether the second drive is selected'),
  control: u8('device control register'),
  drives: list(2, driveState),
  command: u8('bus master command register: start, direction'),
  masterStatus: u8('bus master status register: active, error, interrupt, capabilities'),
  table: u32('bus master descriptor table pointer'),
  next: u32('address of the descriptor after the present one'),
  base: u32('where the present descriptor goes on'),
  length: u32('bytes left of the present descriptor'),
  isLast: bool('whether the present descriptor is the last'),
});

export const ideState = defineState({
  name: 'ide',
  version: 1,
  fields: { channels: list(2, channelState) },
});

export type IdeState = StateOf<typeof ideState>;
export type ChannelState = IdeState['channels'][number];
export type DriveState = RecordOf<typeof driveFields>;
