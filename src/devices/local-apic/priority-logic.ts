import { SOFTWARE_ENABLE } from './local-apic-state.ts';
import type { LocalApicState } from './local-apic-state.ts';
import { addVector, hasVector, highestVector, removeVector } from './vector-set.ts';

/** PPR: the higher of the task's priority and that of the interrupt in service (SDM vol. 3, 12.8.3.1). */
export const processorPriority = (state: LocalApicState): number => {
  const inService = Math.max(0, highestVector(state.inService));
  return state.taskPriority >> 4 >= inService >> 4 ? state.taskPriority : inService & 0xf0;
};

/** The fixed interrupt that the processor could take now, or -1. */
export const deliverableVector = (state: LocalApicState): number => {
  if ((state.spuriousVector & SOFTWARE_ENABLE) === 0) return -1;
  const vector = highestVector(state.request);
  return vector >= 0 && vector >> 4 > processorPriority(state) >> 4 ? vector : -1;
};

/** Accepts a fixed interrupt into IRR; its trigger mode decides whether its EOI is broadcast. */
export const requestVector = (state: LocalApicState, vector: number, levelTriggered: boolean): void => {
  addVector(state.request, vector);
  if (levelTriggered) addVector(state.triggerMode, vector);
  else removeVector(state.triggerMode, vector);
};

/** Moves a vector from IRR to ISR. */
export const beginService = (state: LocalApicState, vector: number): void => {
  removeVector(state.request, vector);
  addVector(state.inService, vector);
};

/** Ends the interrupt in service of highest priority. Returns its vector if it was level triggered, else -1. */
export const endService = (state: LocalApicState): number => {
  const vector = highestVector(state.inService);
  if (vector < 0) return -1;
  removeVector(state.inService, vector);
  return hasVector(state.triggerMode, vector) ? vector : -1;
};
