import { bool, f64, list, u8, u32, u64 } from '../../base/state-field.ts';
import { defineState } from '../../base/state-schema.ts';
import { DELIVERY } from './interrupt-message.ts';
import type { StateOf } from '../../base/state-schema.ts';

export const localApicState = defineState({
  name: 'local-apic',
  version: 1,
  fields: {
    id: u32('APIC ID'),
    baseAddress: f64('IA32_APIC_BASE: guest-physical address of the register page', 0xfee0_0000),
    enabled: bool('IA32_APIC_BASE.EN: globally enabled', true),
    x2apic: bool('IA32_APIC_BASE.EXTD: x2APIC mode'),
    taskPriority: u8('TPR'),
    logicalDestination: u32('LDR'),
    destinationFormat: u32('DFR', 0xffff_ffff),
    spuriousVector: u32('SVR', 0xff),
    inService: list(8, u32('ISR')),
    triggerMode: list(8, u32('TMR')),
    request: list(8, u32('IRR')),
    errorStatus: u8('ESR as software reads it'),
    errors: u8('errors since ESR was last written'),
    commandLow: u32('ICR, bits 0 to 31'),
    commandHigh: u32('ICR, bits 32 to 63'),
    localVectors: list(6, u32('LVT: timer, thermal, performance, LINT0, LINT1, error', 0x1_0000)),
    initialCount: u32('timer: initial count'),
    divide: u8('timer: divide configuration'),
    timerStart: f64('timer: instant at which the initial count was written'),
    timerRunning: bool('timer: counting, or armed for a TSC deadline'),
    tscDeadline: u64('IA32_TSC_DEADLINE'),
    lines: u8('levels of LINT0 (bit 0) and LINT1 (bit 1)'),
    externalRequested: bool('an ExtINT message of the I/O APIC waits to be acknowledged'),
  },
});

export type LocalApicState = StateOf<typeof localApicState>;

/** Indexes into `localVectors`. */
export const LVT = { timer: 0, thermal: 1, performance: 2, lint0: 3, lint1: 4, error: 5 } as const;

export const LVT_MASKED = 0x1_0000;
/** SVR bit 8: the APIC is software enabled. */
export const SOFTWARE_ENABLE = 0x100;

/**
 * The registers after power-on or INIT. Firmware leaves the bootstrap processor in virtual wire mode:
 * LINT0 takes the 8259s' interrupts (MultiProcessor Specification 1.4, 3.6.2.2). Kernels that are
 * booted without firmware count on it.
 */
export const stateAfterReset = (id: number, bootstrap: boolean): LocalApicState => {
  const state = localApicState.initial();
  state.id = id;
  if (bootstrap) state.localVectors[LVT.lint0] = DELIVERY.external << 8;
  return state;
};

/** The logical ID of x2APIC mode follows from the APIC ID (SDM vol. 3, 12.12.10.2). */
export const x2apicLogicalId = (id: number): number => (((id >>> 4) << 16) | (1 << (id & 15))) >>> 0;
