// What the core asks of the host while guest code runs, answered by a domain's board and clock.

import { CR4, GPR, RESULT } from '../core/layout.ts';
import { cpuid } from '../cpu/cpuid.ts';
import { ModelSpecificRegisters } from '../cpu/model-specific-registers.ts';
import { unwound } from '../cpu/vcpu.ts';
import type { CoreImports } from '../memory/core-imports.ts';
import type { DomainClock } from './clocks.ts';
import type { PcBoard } from './pc-board.ts';

/** What the services use of a domain. They are there before any of it, and look when they are called. */
export interface ServedDomain {
  readonly clock: DomainClock;
  readonly board: PcBoard;
  readonly cell: { readonly memory: WebAssembly.Memory };
}

/** One tick of the time-stamp counter is a nanosecond of the domain's clock. */
const TSC_KILOHERTZ = 1_000_000;

/**
 * @param randomWord gives 32 random bits
 * @param interruptChanged is called when the interrupt that the local APIC offers may be another
 */
export function coreServices(
  domain: ServedDomain,
  randomWord: () => number,
  interruptChanged: () => void,
): CoreImports {
  const registers = new ModelSpecificRegisters();
  let view: DataView | undefined;
  const memory = (): DataView => (view ??= new DataView(domain.cell.memory.buffer));
  return {
    unwind: () => {
      throw unwound;
    },
    portRead: (port, size) => domain.board.ports.read(port, size as 1 | 2 | 4),
    portWrite: (port, size, value) => domain.board.ports.write(port, size as 1 | 2 | 4, value >>> 0),
    mmioRead: (gfn, offset, size) => domain.board.mmio.read((gfn >>> 0) * 4096 + offset, size as 1 | 2 | 4),
    mmioWrite: (gfn, offset, size, value) =>
      domain.board.mmio.write((gfn >>> 0) * 4096 + offset, size as 1 | 2 | 4, value >>> 0),
    acknowledgeInterrupt: () => {
      const vector = domain.board.apic.acknowledge();
      interruptChanged();
      return vector;
    },
    readTsc: () => Math.floor(domain.clock.now()),
    msrRead: (index) => {
      const value = domain.board.apic.readMsr(index >>> 0) ?? registers.read(index >>> 0);
      if (value === undefined) return 0;
      memory().setBigUint64(RESULT, value, true);
      return 1;
    },
    msrWrite: (index) => {
      const value = memory().getBigUint64(RESULT, true);
      return domain.board.apic.writeMsr(index >>> 0, value) || registers.write(index >>> 0, value) ? 1 : 0;
    },
    cpuid: () => identify(memory(), domain.board),
    cr8Read: () => domain.board.apic.taskPriorityClass,
    cr8Write: (value) => {
      domain.board.apic.taskPriorityClass = value;
    },
    randomWord,
    timeStampChanged: () => domain.board.apic.timeStampCounterChanged(),
  };
}

function identify(memory: DataView, { apic }: PcBoard): void {
  const [rax, rbx, rcx, rdx] = cpuid(memory.getUint32(GPR, true), memory.getUint32(GPR + 8, true), {
    apicId: 0,
    osXsave: (memory.getUint32(CR4, true) & 0x40000) !== 0,
    apicEnabled: apic.state.enabled,
    tscKilohertz: TSC_KILOHERTZ,
  });
  const set = (register: number, value: number): void => {
    memory.setUint32(GPR + register * 8, value, true);
    memory.setUint32(GPR + register * 8 + 4, 0, true);
  };
  set(0, rax);
  set(1, rcx);
  set(2, rdx);
  set(3, rbx);
}
