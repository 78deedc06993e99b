import { bytes, f64, u8 } from '../../base/state-field.ts';
import { defineState } from '../../base/state-schema.ts';
import type { StateOf } from '../../base/state-schema.ts';

export const CMOS_LENGTH = 128;

export const mc146818State = defineState({
  name: 'mc146818',
  version: 1,
  fields: {
    index: u8('the register that port 0x71 shows; bit 7 masks NMI'),
    memory: bytes(CMOS_LENGTH, 'registers and CMOS memory; the time only while the clock stands'),
    seconds: f64('time of the clock at `since`, in seconds since 1970-01-01 as if its time zone were UTC'),
    since: f64('instant at which a second of the clock began'),
    flags: u8('register C bits 4 to 6: update, alarm and periodic interrupt flags'),
    checked: f64('instant up to which the flags are known'),
  },
});

export type Mc146818State = StateOf<typeof mc146818State>;

/** Register numbers (MC146818 data sheet; the century's place is the one that ACPI's FADT names). */
export const CMOS = {
  seconds: 0x00,
  secondsAlarm: 0x01,
  minutes: 0x02,
  minutesAlarm: 0x03,
  hours: 0x04,
  hoursAlarm: 0x05,
  weekday: 0x06,
  day: 0x07,
  month: 0x08,
  year: 0x09,
  a: 0x0a,
  b: 0x0b,
  c: 0x0c,
  d: 0x0d,
  century: 0x32,
} as const;
