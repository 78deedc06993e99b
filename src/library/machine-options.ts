// What a machine is made of, as a program gives it.

import { UserError } from '../base/errors.ts';
import { parseSize } from '../base/quantities.ts';
import { MIB } from '../base/units.ts';
import { readInputFile } from '../host/node/read-input-file.ts';
import type { DomainOptions } from '../machine/domain.ts';

/** A Multiboot module: the name of a file, or its bytes, and what the kernel is told about it (nothing when absent). */
export interface MachineModule {
  readonly data: string | Uint8Array;
  readonly commandLine?: string | undefined;
}

export interface MachineOptions {
  /** The kernel, the name of a file or its bytes: a Linux bzImage, or an ELF file with a PVH note or a Multiboot header. */
  readonly kernel: string | Uint8Array;
  /** The initial ramdisk, the name of a file or its bytes. None when absent. */
  readonly initrd?: string | Uint8Array | undefined;
  /** The kernel's command line. Empty when absent. */
  readonly append?: string | undefined;
  /** Multiboot modules. None when absent. */
  readonly modules?: readonly MachineModule[] | undefined;
  /** Guest memory: bytes, at least 1 MiB, or a size such as '256M' or '1G'. 512 MiB when absent. */
  readonly memory?: number | string | undefined;
  /**
   * What time in the guest follows: the host's time ('host', when absent), or the retired instructions, so that the same
   * input gives the same run.
   */
  readonly clock?: 'host' | 'instructions' | undefined;
  /** What runs the guest. There is one so far, which is used when absent. */
  readonly engine?: 'interpreter' | undefined;
  /** Devices beyond those every board has: 'debug-exit' ends the machine when the guest writes to port 0xF4. */
  readonly devices?: readonly string[] | undefined;
}

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
  checkWord('engine', options.engine, ['interpreter']);
  return {
    memory: memoryBytes(options.memory),
    kernel: read(options.kernel, 'kernel'),
    initrd: options.initrd === undefined ? undefined : read(options.initrd, 'initrd'),
    append: options.append,
    modules: (options.modules ?? []).map(({ data, commandLine }) => ({
      bytes: read(data, 'module'),
      commandLine: commandLine ?? '',
    })),
    clock: options.clock ?? 'host',
    devices: options.devices ?? [],
  };
}
