import { bool, f64, list, record, u8, u16 } from '../../base/state-field.ts';
import type { FieldValue } from '../../base/state-field.ts';
import { defineState } from '../../base/state-schema.ts';
import type { StateOf } from '../../base/state-schema.ts';

const channel = record('one counter', {
  mode: u8('counter mode, 0 to 5', 3),
  access: u8('1 low byte, 2 high byte, 3 low then high byte', 3),
  bcd: bool('counts in binary coded decimal'),
  gate: bool('level of the GATE input', true),
  programmed: bool('a count was written since the control word'),
  reload: u16('CR: the count register'),
  count: f64('initial count of the current cycle, 1 to 65536'),
  start: f64('tick at which the current count was loaded'),
  counting: bool('the counting element runs'),
  held: f64('ticks counted when it was stopped'),
  before: bool('OUT until the count is loaded, in mode 1', true),
  nextCount: f64('initial count that takes over at `nextStart`, 0 for none'),
  nextStart: f64('tick at which `nextCount` takes over'),
  writeHigh: bool('the next write goes to the high byte'),
  writeLow: u8('low byte that was written'),
  readHigh: bool('the next read yields the high byte'),
  latched: bool('OL holds a latched count'),
  latch: u16('OL: the output latch'),
  statusLatched: bool('a latched status byte is read first'),
  status: u8('the latched status byte'),
});

export const i8254State = defineState({
  name: 'i8254',
  version: 1,
  fields: {
    channels: list(3, channel),
    speaker: u8('port 0x61: bits 0 (gate of counter 2), 1 (speaker), 2 and 3 (NMI masks)'),
  },
});

export type I8254State = StateOf<typeof i8254State>;
export type ChannelState = FieldValue<typeof channel>;
