import { DELIVERY } from './interrupt-message.ts';
import { sendCommand } from './interrupt-command.ts';
import type { LocalApic } from './local-apic.ts';
import { readRegister, REGISTER, writeRegister } from './registers.ts';

export const IA32_APIC_BASE = 0x1b;
export const IA32_TSC_DEADLINE = 0x6e0;
const X2APIC_FIRST = 0x800;
const X2APIC_LAST = 0x8ff;

const BOOTSTRAP = 0x100n;
const EXTENDED = 0x400n;
const ENABLED = 0x800n;

/** Registers that x2APIC mode lacks: APR, remote read, DFR and the high half of ICR. */
const NOT_IN_X2APIC: readonly number[] = [
  REGISTER.arbitrationPriority,
  REGISTER.remoteRead,
  REGISTER.destinationFormat,
  REGISTER.commandHigh,
];

/** Bits that may be set in a write to a register that x2APIC mode lets software write (SDM vol. 3, 12.12.1.3). */
const X2APIC_WRITABLE: Readonly<Record<number, number>> = {
  [REGISTER.taskPriority]: 0xff,
  [REGISTER.endOfInterrupt]: 0,
  [REGISTER.spuriousVector]: 0x1ff,
  [REGISTER.errorStatus]: 0,
  [REGISTER.localVectors]: 0x7_10ff,
  [REGISTER.localVectors + 1]: 0x1_17ff,
  [REGISTER.localVectors + 2]: 0x1_17ff,
  [REGISTER.localVectors + 3]: 0x1_f7ff,
  [REGISTER.localVectors + 4]: 0x1_f7ff,
  [REGISTER.localVectors + 5]: 0x1_10ff,
  [REGISTER.initialCount]: 0xffff_ffff,
  [REGISTER.divide]: 0x0b,
};

/** Reads one of the local APIC's MSRs. Undefined stands for #GP(0). */
export const readMsr = (apic: LocalApic, index: number): bigint | undefined => {
  const { state } = apic;
  if (index === IA32_APIC_BASE) {
    const flags =
      (apic.options.bootstrap ? BOOTSTRAP : 0n) | (state.x2apic ? EXTENDED : 0n) | (state.enabled ? ENABLED : 0n);
    return BigInt(state.baseAddress) | flags;
  }
  if (index === IA32_TSC_DEADLINE) return apic.timer.readTscDeadline();
  if (!state.x2apic || index < X2APIC_FIRST || index > X2APIC_LAST) return undefined;
  const register = index - X2APIC_FIRST;
  if (register === REGISTER.commandLow) return (BigInt(state.commandHigh) << 32n) | BigInt(state.commandLow);
  if (register === REGISTER.endOfInterrupt || NOT_IN_X2APIC.includes(register)) return undefined;
  const value = readRegister(apic, register);
  return value === undefined ? undefined : BigInt(value);
};

/** Writes one of the local APIC's MSRs. False stands for #GP(0). */
export const writeMsr = (apic: LocalApic, index: number, value: bigint): boolean => {
  const { state } = apic;
  if (index === IA32_APIC_BASE) return writeApicBase(apic, value);
  if (index === IA32_TSC_DEADLINE) {
    apic.timer.writeTscDeadline(value);
    return true;
  }
  if (!state.x2apic || index < X2APIC_FIRST || index > X2APIC_LAST) return false;
  const register = index - X2APIC_FIRST;
  const low = Number(value & 0xffff_ffffn);
  if (register === REGISTER.commandLow) return writeCommand(apic, low, Number(value >> 32n));
  if (value >> 32n !== 0n) return false;
  if (register === REGISTER.selfInterrupt) {
    if (low > 0xff) return false;
    sendCommand(apic, low | (1 << 18) | (DELIVERY.fixed << 8), 0);
    return true;
  }
  const writable = X2APIC_WRITABLE[register];
  if (writable === undefined || (low & ~writable) !== 0) return false;
  return writeRegister(apic, register, low);
};

const writeCommand = (apic: LocalApic, low: number, destination: number): boolean => {
  if ((low & ~0x000c_dfff) !== 0) return false;
  apic.state.commandLow = low & 0x000c_cfff;
  apic.state.commandHigh = destination;
  sendCommand(apic, low, destination);
  return true;
};

/** Only disabled → xAPIC → x2APIC → disabled is a legal way (SDM vol. 3, figure 12-27); xAPIC may also be disabled. */
const writeApicBase = (apic: LocalApic, value: bigint): boolean => {
  const { state, options } = apic;
  const enabled = (value & ENABLED) !== 0n;
  const x2apic = (value & EXTENDED) !== 0n;
  const address = value & ~0xfffn;
  if ((value & 0x2ffn) !== 0n || address >> BigInt(options.physicalAddressBits ?? 40) !== 0n) return false;
  if (x2apic && !enabled) return false;
  if (state.x2apic && enabled && !x2apic) return false;
  if (!state.enabled && x2apic) return false;
  apic.setBase(Number(address), enabled, x2apic);
  return true;
};
