// What the system half of the core keeps for the running vCPU besides the architectural state: the upper part of
// CORE_PRIVATE, [0xe00, 0x1000). The memory half has [0xd00, 0xe00).

/** u32. Debug traps (as DR6 bits) that wait for the next instruction boundary: data and I/O breakpoints, task-switch trap. */
export const PENDING_DEBUG = 0xe00;
/** u32. 1 while the instruction under execution began with RFLAGS.TF set: a single-step trap follows it. */
export const STEP_ARMED = 0xe04;
/** u32. 1 while one instruction runs alone so that an interrupt held back by a shadow is taken right after it. */
export const SHADOW_STEP = 0xe08;

/** Values of INTERRUPT_SHADOW: after STI, and after MOV SS / POP SS (which hold back debug traps and NMI too). */
export const SHADOW_STI = 1;
export const SHADOW_STACK = 2;
