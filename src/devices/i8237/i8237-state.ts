import { bool, bytes, list, record, u16, u8 } from '../../base/state-field.ts';
import type { FieldValue } from '../../base/state-field.ts';
import { defineState } from '../../base/state-schema.ts';

const channel = record('one channel', {
  baseAddress: u16('what the current address is set to when the channel begins anew'),
  baseCount: u16('what the current count is set to when the channel begins anew'),
  address: u16('current address: bytes, or words of channels 5 to 7'),
  count: u16('current count: transfers left, less one'),
  mode: u8('mode register'),
});

const controller = record('one 8237A', {
  command: u8('command register'),
  mask: u8('mask register, a bit a channel', 0x0f),
  status: u8('status register: terminal counts that were met'),
  highByte: bool('byte pointer flip-flop: the next byte is the high one'),
  channels: list(4, channel),
});

export const i8237State = defineState({
  name: 'i8237',
  version: 1,
  fields: {
    controllers: list(2, controller),
    pages: bytes(16, 'page registers, by the low bits of their ports 0x80 to 0x8F'),
  },
});

export type DmaControllerState = FieldValue<typeof controller>;
export type DmaChannelState = FieldValue<typeof channel>;
