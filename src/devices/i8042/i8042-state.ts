import { bool, byteQueue, deadline, list, record, u8, u32 } from '../../base/state-field.ts';
import type { FieldValue } from '../../base/state-field.ts';
import { defineState } from '../../base/state-schema.ts';
import type { StateOf } from '../../base/state-schema.ts';

/** More than a device ever has to say: sixteen characters of its own and the answers to commands. */
export const OUTPUT_LIMIT = 64;

const keyboard = record('the keyboard', {
  output: byteQueue(OUTPUT_LIMIT, 'what it has to send'),
  scanning: bool('sends key strokes', true),
  scanCodeSet: u8('1 or 2', 2),
  leds: u8('bit 0 scroll lock, bit 1 num lock, bit 2 caps lock'),
  typematic: u8('repeat rate (bits 0 to 4) and delay (bits 5 and 6)', 0x2b),
  command: u8('the command whose argument comes next, 0 for none'),
  last: u8('the byte that it sent last'),
  repeating: u32('code of the key that is held down, 0 for none'),
  repeatAt: deadline('when the held key is sent again'),
});

const mouse = record('the mouse', {
  output: byteQueue(OUTPUT_LIMIT, 'what it has to send'),
  reporting: bool('sends movements in stream mode'),
  remote: bool('remote mode: sends movements when asked alone'),
  wrap: bool('wrap mode: echoes what it is sent'),
  scaling: bool('2:1 scaling'),
  resolution: u8('0 to 3: 1, 2, 4 or 8 counts a millimetre', 2),
  rate: u8('reports a second', 100),
  lastRates: list(3, u8('the rates set last, for the wheel is unlocked by 200, 100, 80')),
  wheel: bool('sends a fourth byte with the wheel'),
  command: u8('the command whose argument comes next, 0 for none'),
  last: u8('the byte that it sent last'),
  buttons: u8('bit 0 left, bit 1 right, bit 2 middle'),
});

export const i8042State = defineState({
  name: 'i8042',
  version: 1,
  fields: {
    commandByte: u8('bits 0, 1 interrupts; 2 system flag; 4, 5 ports disabled; 6 translation', 0x47),
    status: u8('status bits 2 (system flag) and 3 (last write was a command)', 0x04),
    outputFull: bool('status bit 0: the output buffer holds a byte'),
    outputAuxiliary: bool('status bit 5: the byte is from the mouse port'),
    output: u8('the output buffer'),
    replies: byteQueue(OUTPUT_LIMIT, "the controller's own answers"),
    outputPort: u8('bit 0 not reset, bit 1 A20, bits 4 and 5 interrupts', 0x03),
    command: u8('the command whose argument comes next, 0 for none'),
    breakPrefix: bool('translation: 0xF0 was seen'),
    keyboard,
    mouse,
  },
});

export type I8042State = StateOf<typeof i8042State>;
export type KeyboardState = FieldValue<typeof keyboard>;
export type MouseState = FieldValue<typeof mouse>;
