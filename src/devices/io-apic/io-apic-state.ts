import { list, u32, u8 } from '../../base/state-field.ts';
import { defineState } from '../../base/state-schema.ts';
import type { StateOf } from '../../base/state-schema.ts';

export const IO_APIC_PINS = 24;

export const ioApicState = defineState({
  name: 'io-apic',
  version: 1,
  fields: {
    id: u32('IOAPICID bits 24 to 27'),
    select: u8('IOREGSEL'),
    lines: u32('level of the 24 inputs, a bit each'),
    redirectionLow: list(IO_APIC_PINS, u32('IOREDTBL, bits 0 to 31', 0x1_0000)),
    redirectionHigh: list(IO_APIC_PINS, u32('IOREDTBL, bits 32 to 63')),
  },
});

export type IoApicState = StateOf<typeof ioApicState>;
