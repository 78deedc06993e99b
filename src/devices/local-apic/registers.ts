import { sendCommand } from './interrupt-command.ts';
import { writeLocalVector } from './local-vectors.ts';
import type { LocalApic } from './local-apic.ts';

/** Register numbers: the offset in the page divided by 16, or the MSR number minus 0x800 (SDM vol. 3, table 12-1 and 12-6). */
export const REGISTER = {
  id: 0x02,
  version: 0x03,
  taskPriority: 0x08,
  arbitrationPriority: 0x09,
  processorPriority: 0x0a,
  endOfInterrupt: 0x0b,
  remoteRead: 0x0c,
  logicalDestination: 0x0d,
  destinationFormat: 0x0e,
  spuriousVector: 0x0f,
  inService: 0x10,
  triggerMode: 0x18,
  request: 0x20,
  errorStatus: 0x28,
  commandLow: 0x30,
  commandHigh: 0x31,
  localVectors: 0x32,
  initialCount: 0x38,
  currentCount: 0x39,
  divide: 0x3e,
  selfInterrupt: 0x3f,
} as const;

/** Version 0x14, with the highest LVT entry 5. */
const VERSION = 0x0005_0014;

/** The value of a register, or undefined when there is none. */
export const readRegister = (apic: LocalApic, register: number): number | undefined => {
  const { state } = apic;
  if (register >= REGISTER.inService && register < REGISTER.errorStatus) {
    const set = [state.inService, state.triggerMode, state.request][(register - REGISTER.inService) >> 3]!;
    return set[register & 7];
  }
  if (register >= REGISTER.localVectors && register < REGISTER.localVectors + 6) {
    return state.localVectors[register - REGISTER.localVectors];
  }
  switch (register) {
    case REGISTER.id:
      return state.x2apic ? state.id : (state.id << 24) >>> 0;
    case REGISTER.version:
      return VERSION;
    case REGISTER.taskPriority:
      return state.taskPriority;
    case REGISTER.arbitrationPriority:
    case REGISTER.processorPriority:
      return apic.processorPriority;
    case REGISTER.endOfInterrupt:
    case REGISTER.remoteRead:
      return 0;
    case REGISTER.logicalDestination:
      return state.logicalDestination;
    case REGISTER.destinationFormat:
      return state.destinationFormat;
    case REGISTER.spuriousVector:
      return state.spuriousVector;
    case REGISTER.errorStatus:
      return state.errorStatus;
    case REGISTER.commandLow:
      return state.commandLow;
    case REGISTER.commandHigh:
      return state.commandHigh;
    case REGISTER.initialCount:
      return state.initialCount;
    case REGISTER.currentCount:
      return apic.timer.currentCount();
    case REGISTER.divide:
      return state.divide;
    default:
      return undefined;
  }
};

/** Writes a register. False when there is none; a write to one that is read-only does nothing. */
export const writeRegister = (apic: LocalApic, register: number, value: number): boolean => {
  const { state } = apic;
  if (register >= REGISTER.localVectors && register < REGISTER.localVectors + 6) {
    writeLocalVector(apic, register - REGISTER.localVectors, value);
    return true;
  }
  switch (register) {
    case REGISTER.id:
      if (!state.x2apic) state.id = value >>> 24;
      return true;
    case REGISTER.taskPriority:
      apic.writeTaskPriority(value);
      return true;
    case REGISTER.endOfInterrupt:
      apic.endOfInterrupt();
      return true;
    case REGISTER.logicalDestination:
      state.logicalDestination = (value & 0xff00_0000) >>> 0;
      return true;
    case REGISTER.destinationFormat:
      state.destinationFormat = (value | 0x0fff_ffff) >>> 0;
      return true;
    case REGISTER.spuriousVector:
      apic.writeSpuriousVector(value);
      return true;
    case REGISTER.errorStatus:
      // A write makes the errors collected so far readable (12.5.3).
      state.errorStatus = state.errors;
      state.errors = 0;
      return true;
    case REGISTER.commandLow:
      state.commandLow = value & 0x000c_cfff;
      sendCommand(apic, value, state.commandHigh >>> 24);
      return true;
    case REGISTER.commandHigh:
      state.commandHigh = (value & 0xff00_0000) >>> 0;
      return true;
    case REGISTER.initialCount:
      apic.timer.writeInitialCount(value);
      return true;
    case REGISTER.divide:
      apic.timer.writeDivide(value);
      return true;
    default:
      return readRegister(apic, register) !== undefined;
  }
};
