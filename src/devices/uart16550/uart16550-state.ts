import { bool, byteQueue, deadline, u8 } from '../../base/state-field.ts';
import { defineState } from '../../base/state-schema.ts';
import type { StateOf } from '../../base/state-schema.ts';

export const FIFO_DEPTH = 16;

export const uart16550State = defineState({
  name: 'uart16550',
  version: 1,
  fields: {
    interruptEnable: u8('IER'),
    fifoControl: u8('FCR: bit 0 (enable) and bits 6 and 7 (trigger level)'),
    lineControl: u8('LCR'),
    modemControl: u8('MCR'),
    lineErrors: u8('LSR bits 1 to 4: overrun, parity, framing, break'),
    modemDelta: u8('MSR bits 0 to 3: changes since it was read'),
    modemInputs: u8('MSR bits 4 to 7: CTS, DSR, RI, DCD as they are on the wire'),
    scratch: u8('SCR'),
    divisorLow: u8('DLL', 1),
    divisorHigh: u8('DLM'),
    receive: byteQueue(FIFO_DEPTH, 'received characters, the oldest first'),
    transmitEmptied: bool('THRE interrupt pending: the transmitter emptied since IIR showed it'),
    timedOut: bool('character timeout interrupt pending'),
    timeout: deadline('when the receive FIFO times out'),
  },
});

export type Uart16550State = StateOf<typeof uart16550State>;
