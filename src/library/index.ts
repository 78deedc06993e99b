// What `import … from 'lodge'` gives.

export { UserError } from '../base/errors.ts';
export type { EngineName } from '../machine/engine-name.ts';
export type { Outcome } from '../machine/outcome.ts';
export type { Statistics } from '../machine/statistics.ts';
export type { GuestCommandOptions } from './agent/guest-agent.ts';
export type { GuestProcess } from './agent/guest-process.ts';
export type { GuestExecOptions, GuestResult, MachineEvents, MachineState } from './machine.ts';
export { Machine } from './machine.ts';
export type { MachineModule, MachineOptions } from './machine-options.ts';
export type { SerialPort } from './serial-port.ts';
