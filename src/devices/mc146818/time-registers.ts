import { CMOS } from './mc146818-state.ts';

const TWENTY_FOUR_HOURS = 0x02;
const BINARY = 0x04;

/** Registers that hold the time, as opposed to the alarm. */
export const TIME_REGISTERS: readonly number[] = [
  CMOS.seconds,
  CMOS.minutes,
  CMOS.hours,
  CMOS.weekday,
  CMOS.day,
  CMOS.month,
  CMOS.year,
  CMOS.century,
];

/** A number as register B says it is kept: binary, or two decimal digits. */
export const encodeNumber = (value: number, registerB: number): number =>
  (registerB & BINARY) !== 0 ? value : (Math.floor(value / 10) << 4) | (value % 10);

const decodeNumber = (value: number, registerB: number): number =>
  (registerB & BINARY) !== 0 ? value : (value >> 4) * 10 + (value & 15);

/** An hour of 0 to 23 in the 24- or 12-hour form; bit 7 marks the afternoon in the latter. */
export const encodeHour = (hour: number, registerB: number): number => {
  if ((registerB & TWENTY_FOUR_HOURS) !== 0) return encodeNumber(hour, registerB);
  return encodeNumber(hour % 12 === 0 ? 12 : hour % 12, registerB) | (hour >= 12 ? 0x80 : 0);
};

const decodeHour = (value: number, registerB: number): number => {
  if ((registerB & TWENTY_FOUR_HOURS) !== 0) return decodeNumber(value, registerB);
  return (decodeNumber(value & 0x7f, registerB) % 12) + ((value & 0x80) !== 0 ? 12 : 0);
};

/** Fills the time registers of `memory` from a time in seconds since 1970-01-01. */
export const storeTime = (memory: Uint8Array, seconds: number): void => {
  const registerB = memory[CMOS.b] as number;
  const date = new Date(seconds * 1000);
  const set = (register: number, value: number): void => {
    memory[register] = encodeNumber(value, registerB);
  };
  set(CMOS.seconds, date.getUTCSeconds());
  set(CMOS.minutes, date.getUTCMinutes());
  memory[CMOS.hours] = encodeHour(date.getUTCHours(), registerB);
  set(CMOS.weekday, date.getUTCDay() + 1);
  set(CMOS.day, date.getUTCDate());
  set(CMOS.month, date.getUTCMonth() + 1);
  set(CMOS.year, date.getUTCFullYear() % 100);
  set(CMOS.century, Math.floor(date.getUTCFullYear() / 100));
};

/** The time in seconds since 1970-01-01 that the registers of `memory` spell. What is out of range carries over. */
export const loadTime = (memory: Uint8Array): number => {
  const registerB = memory[CMOS.b] as number;
  const get = (register: number): number => decodeNumber(memory[register] as number, registerB);
  const hour = decodeHour(memory[CMOS.hours] as number, registerB);
  const date = new Date(0);
  date.setUTCFullYear(get(CMOS.century) * 100 + get(CMOS.year), get(CMOS.month) - 1, get(CMOS.day));
  date.setUTCHours(hour, get(CMOS.minutes), get(CMOS.seconds));
  return date.getTime() / 1000;
};

/** Alarm bytes from 0xC0 on match anything. */
const DO_NOT_CARE = 0xc0;

/** The first second after `after` at which the alarm registers match, or Infinity. */
export const nextAlarm = (memory: Uint8Array, after: number): number => {
  const registerB = memory[CMOS.b] as number;
  const matches = (count: number, alarm: number, encode: (value: number) => number): boolean[] =>
    Array.from({ length: count }, (_, value) => alarm >= DO_NOT_CARE || encode(value) === alarm);
  const number = (value: number): number => encodeNumber(value, registerB);
  const seconds = matches(60, memory[CMOS.secondsAlarm] as number, number);
  const minutes = matches(60, memory[CMOS.minutesAlarm] as number, number);
  const hours = matches(24, memory[CMOS.hoursAlarm] as number, (hour) => encodeHour(hour, registerB));
  if (![seconds, minutes, hours].every((set) => set.includes(true))) return Infinity;
  let time = after + 1;
  for (;;) {
    if (hours[modulo(Math.floor(time / 3600), 24)] !== true) time = (Math.floor(time / 3600) + 1) * 3600;
    else if (minutes[modulo(Math.floor(time / 60), 60)] !== true) time = (Math.floor(time / 60) + 1) * 60;
    else if (seconds[modulo(time, 60)] !== true) time += 1;
    else return time;
  }
};

/** The remainder that is not negative: times before 1970 are. */
const modulo = (value: number, modulus: number): number => ((value % modulus) + modulus) % modulus;
