import type { Uart16550State } from './uart16550-state.ts';

const BAUD_BASE = 115_200;
const TRIGGER_LEVELS = [1, 4, 8, 14] as const;
/** The longest wait for a character timeout, whatever the divisor says: 40 ms. */
const LONGEST_TIMEOUT = 40e6;

export const MCR = { loopback: 0x10, out2: 0x08 } as const;
/** Interrupt identifications, the highest priority first: line status, data, timeout, transmitter, modem. */
export const IIR = { line: 0x06, data: 0x04, timeout: 0x0c, transmitter: 0x02, modem: 0x00, none: 0x01 } as const;
export const LSR = { dataReady: 0x01, overrun: 0x02, break: 0x10, transmitterEmpty: 0x60, fifoError: 0x80 } as const;
const RING = 0x40;
/** CTS, DSR and DCD: what a connected terminal drives. */
export const CONNECTED = 0xb0;

export const isFifoEnabled = (state: Uart16550State): boolean => (state.fifoControl & 1) !== 0;

export const isLoopback = (state: Uart16550State): boolean => (state.modemControl & MCR.loopback) !== 0;

/** Inputs of the modem, MSR bits 4 to 7; in loopback they are fed by DTR, RTS, OUT1 and OUT2. */
export const modemStatus = (state: Uart16550State): number => {
  const { modemControl, modemInputs } = state;
  if (!isLoopback(state)) return modemInputs;
  const requestToSend = (modemControl & 0x02) << 3;
  const dataTerminalReady = (modemControl & 0x01) << 5;
  return requestToSend | dataTerminalReady | ((modemControl & 0x0c) << 4);
};

/** MSR bits 0 to 3 for a change of its inputs: the ring indicator is reported by its trailing edge alone. */
export const modemChanges = (before: number, after: number): number =>
  (((before ^ after) & ~RING) | (before & ~after & RING)) >> 4;

/** LSR: what is wrong with the received data, whether there is any, and a transmitter that is always empty. */
export const lineStatus = (state: Uart16550State): number => {
  const dataReady = state.receive.length > 0 ? LSR.dataReady : 0;
  const fifoError = isFifoEnabled(state) && (state.lineErrors & LSR.break) !== 0 ? LSR.fifoError : 0;
  return state.lineErrors | LSR.transmitterEmpty | dataReady | fifoError;
};

/** The pending interrupt of highest priority, as IIR shows it (data sheet, table III). */
export const interruptSource = (state: Uart16550State): number => {
  const enabled = state.interruptEnable;
  if ((enabled & 0x04) !== 0 && state.lineErrors !== 0) return IIR.line;
  if ((enabled & 0x01) !== 0) {
    const level = isFifoEnabled(state) ? (TRIGGER_LEVELS[state.fifoControl >> 6] ?? 1) : 1;
    if (state.receive.length >= level) return IIR.data;
    if (state.timedOut && state.receive.length > 0) return IIR.timeout;
  }
  if ((enabled & 0x02) !== 0 && state.transmitEmptied) return IIR.transmitter;
  if ((enabled & 0x08) !== 0 && state.modemDelta !== 0) return IIR.modem;
  return IIR.none;
};

/** Four character times at the programmed speed, in nanoseconds. */
export const characterTimeout = (state: Uart16550State): number => {
  const { divisorLow, divisorHigh, lineControl } = state;
  const divisor = divisorLow | (divisorHigh << 8) || 1;
  // A start bit, 5 to 8 data bits, perhaps parity, one or two stop bits.
  const bits = 1 + 5 + (lineControl & 3) + ((lineControl >> 3) & 1) + 1 + ((lineControl >> 2) & 1);
  return Math.min(LONGEST_TIMEOUT, Math.round((4 * bits * divisor * 1e9) / BAUD_BASE));
};
