import { f64, u16 } from '../../base/state-field.ts';
import { defineState } from '../../base/state-schema.ts';
import type { StateOf } from '../../base/state-schema.ts';

export const acpiState = defineState({
  name: 'acpi',
  version: 1,
  fields: {
    status: u16('PM1_STS'),
    enable: u16('PM1_EN'),
    control: u16('PM1_CNT without SCI_EN, which is always set', 0),
    generalStatus: u16('GPE0_STS'),
    generalEnable: u16('GPE0_EN'),
    checked: f64('tick of the PM timer up to which TMR_STS is known'),
  },
});

export type AcpiState = StateOf<typeof acpiState>;
