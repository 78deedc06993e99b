// From the options of a machine, as a program gives them, to those of a domain.

import { UserError } from '../base/errors.ts';
import { parseSize } from '../base/quantities.ts';
import { MIB } from '../base/units.ts';
import { readInputFile } from '../host/node/read-input-file.ts';
import type { DomainOptions } from '../machine/domain.ts';
import { translationThresholds } from '../machine/engine-name.ts';
import type { MachineOptions } from './machine-options.ts';

const DEFAULT_MEMORY = 512 * MIB;

/** Guest memory in bytes. Throws a UserError when the option gives no such number. */
function memoryBytes(memory: MachineOptions['memory']): number {
  if (memory === undefined) return DEFAULT_MEMORY;
  const bytes = typeof memory === 'string' ? parseSize(memory) : memory;
  if (bytes === undefined || !Number.isSafeInteger(bytes) || bytes < 0) {
    throw new UserError(`The memory of a machine cannot be ${memory}; give bytes, or a size such as '512M' or '2G'.`);
  }
  return bytes;
}

// For programs that no type checker has seen.
function checkWord(option: string, value: string | undefined, words: readonly string[]): void {
  if (value === undefined || words.includes(value)) return;
  throw new UserError(`There is no ${option} '${value}'; use ${words.map((word) => `'${word}'`).join(' or ')}.`);
}

const read = (file: string | Uint8Array, what: string): Uint8Array =>
  typeof file === 'string' ? readInputFile(file, what) : file;

/** Reads the files and fills in what is absent. Throws a UserError when a file cannot be read or a value is none. */
export function resolveOptions(options: MachineOptions): Omit<DomainOptions, 'engine' | 'serial'> {
  checkWord('clock', options.clock, ['host', 'instructions']);
  checkWord('engine', options.engine, Object.keys(translationThresholds));
  return {
    memory: memoryBytes(options.memory),
    kernel: read(options.kernel, 'kernel'),
    initrd: options.initrd === undefined ? undefined : read(options.initrd, 'initrd'),
    append: options.append,
    modules: (options.modules ?? []).map(({ data, commandLine }) => ({
      bytes: read(data, 'module'),
      commandLine: commandLine ?? '',
    })),
    execution: options.engine ?? 'auto',
    countEngines: options.countEngines ?? false,
    clock: options.clock ?? 'host',
    devices: options.devices ?? [],
  };
}
