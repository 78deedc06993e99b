import { DELIVERY } from './interrupt-message.ts';
import { LVT, LVT_MASKED, SOFTWARE_ENABLE } from './local-apic-state.ts';
import type { LocalApic } from './local-apic.ts';

/** The bits of each LVT entry that software may set (SDM vol. 3, figure 12-8). */
const WRITABLE: readonly number[] = [0x7_00ff, 0x1_07ff, 0x1_07ff, 0x1_a7ff, 0x1_a7ff, 0x1_00ff];
const LEVEL = 0x8000;
const REMOTE_REQUEST = 0x4000;

export const writeLocalVector = (apic: LocalApic, index: number, value: number): void => {
  const { state } = apic;
  const old = state.localVectors[index] as number;
  const disabled = (state.spuriousVector & SOFTWARE_ENABLE) === 0;
  const remoteRequest = (value & LEVEL) !== 0 ? old & REMOTE_REQUEST : 0;
  state.localVectors[index] = (value & (WRITABLE[index] as number)) | remoteRequest | (disabled ? LVT_MASKED : 0);
  if (index === LVT.timer) apic.timer.modeChanged(old);
  apic.options.signals.interruptChanged();
};

/** Delivers the interrupt of an LVT entry, unless it is masked. */
export const deliverLocal = (apic: LocalApic, index: number): void => {
  const { state } = apic;
  const entry = state.localVectors[index] as number;
  if ((entry & LVT_MASKED) !== 0 || !state.enabled) return;
  // The timer's and the error's entries have no delivery mode: theirs are fixed interrupts.
  const delivery = index === LVT.timer || index === LVT.error ? DELIVERY.fixed : (entry >> 8) & 7;
  // An external interrupt is fetched from the 8259s while LINT0 is high.
  if (delivery === DELIVERY.external) return;
  const levelTriggered = index === LVT.lint0 && delivery === DELIVERY.fixed && (entry & LEVEL) !== 0;
  if (levelTriggered) state.localVectors[index] = entry | REMOTE_REQUEST;
  apic.accept({
    destination: state.id,
    logical: false,
    delivery,
    vector: entry & 0xff,
    levelTriggered,
    assert: true,
  });
};

/** LINT0, level triggered, whose interrupt ended: asks again while it is high. */
export const endLocalLevel = (apic: LocalApic, vector: number): void => {
  const { state } = apic;
  const entry = state.localVectors[LVT.lint0] as number;
  if ((entry & REMOTE_REQUEST) === 0 || (entry & 0xff) !== vector) return;
  state.localVectors[LVT.lint0] = entry & ~REMOTE_REQUEST;
  if ((state.lines & 1) !== 0) deliverLocal(apic, LVT.lint0);
};
