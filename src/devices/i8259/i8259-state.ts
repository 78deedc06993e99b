import { bool, record, u8 } from '../../base/state-field.ts';
import type { FieldValue } from '../../base/state-field.ts';
import { defineState } from '../../base/state-schema.ts';
import type { StateOf } from '../../base/state-schema.ts';

const chip = (which: string) =>
  record(which, {
    request: u8('IRR: interrupt request register'),
    service: u8('ISR: in-service register'),
    mask: u8('IMR: interrupt mask register; undefined after power-on, so nothing gets through', 0xff),
    lines: u8('level of the eight IR inputs'),
    edgeLevel: u8('ELCR: inputs that are level triggered'),
    vectorBase: u8('ICW2: vector of input 0'),
    cascade: u8('ICW3: inputs with a slave (master) or own identity (slave)'),
    initialization: u8('next initialization word expected: 0 none, 2 ICW2, 3 ICW3, 4 ICW4'),
    needsIcw4: bool('ICW1.IC4'),
    single: bool('ICW1.SNGL: no cascade'),
    levelTriggered: bool('ICW1.LTIM: all inputs are level triggered'),
    automaticEoi: bool('ICW4.AEOI'),
    specialFullyNested: bool('ICW4.SFNM'),
    lowestPriority: u8('input that has the lowest priority', 7),
    rotateOnAutomaticEoi: bool('rotate in automatic EOI mode'),
    specialMask: bool('special mask mode'),
    readService: bool('OCW3: the status port yields ISR instead of IRR'),
    poll: bool('OCW3.P: the next read polls'),
  });

export const i8259State = defineState({
  name: 'i8259',
  version: 1,
  fields: { master: chip('the 8259A at port 0x20'), slave: chip('the 8259A at port 0xA0, on input 2 of the other') },
});

export type I8259State = StateOf<typeof i8259State>;
export type ChipState = FieldValue<ReturnType<typeof chip>>;
