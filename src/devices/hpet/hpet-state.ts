import { bool, list, record, u64 } from '../../base/state-field.ts';
import type { FieldValue } from '../../base/state-field.ts';
import { defineState } from '../../base/state-schema.ts';
import type { StateOf } from '../../base/state-schema.ts';

export const HPET_TIMERS = 3;

const timer = record('one comparator', {
  configuration: u64('configuration bits that software may write'),
  comparator: u64('comparator; in periodic mode the next match', 0xffff_ffff_ffff_ffffn),
  period: u64('what is added to the comparator at each match'),
});

export const hpetState = defineState({
  name: 'hpet',
  version: 1,
  fields: {
    enabled: bool('ENABLE_CNF: the main counter runs'),
    legacy: bool('LEG_RT_CNF: timers 0 and 1 take the place of the PIT and the RTC'),
    counter: u64('main counter while halted; while running, what to add to the ticks since power-on'),
    status: u64('general interrupt status'),
    timers: list(HPET_TIMERS, timer),
  },
});

export type HpetState = StateOf<typeof hpetState>;
export type HpetTimerState = FieldValue<typeof timer>;
