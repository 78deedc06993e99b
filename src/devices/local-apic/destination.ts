import type { LocalApicState } from './local-apic-state.ts';

const BROADCAST = 0xff;
const X2APIC_BROADCAST = 0xffff_ffff;

/** Whether a message's destination names an APIC (SDM vol. 3, 12.6.2). One that is globally disabled is named by none. */
export const isAddressed = (state: LocalApicState, destination: number, logical: boolean): boolean => {
  if (!state.enabled) return false;
  if (destination === (state.x2apic ? X2APIC_BROADCAST : BROADCAST)) return true;
  // Messages of an I/O APIC have eight bits of destination, and broadcast with them.
  if (!logical) return destination === BROADCAST || destination === state.id;
  const own = state.logicalDestination;
  if (state.x2apic) return destination >>> 16 === own >>> 16 && (destination & own & 0xffff) !== 0;
  // DFR bits 28 to 31: all ones is the flat model, all zeros the cluster model.
  if (state.destinationFormat >>> 28 === 0xf) return (destination & (own >>> 24)) !== 0;
  const cluster = destination >> 4;
  return (cluster === own >>> 28 || cluster === 15) && (destination & (own >>> 24) & 15) !== 0;
};
