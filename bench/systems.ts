// The systems that are compared, and how each is started.

import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { UserError } from '../src/base/errors.ts';
import type { Architecture } from './architecture.ts';
import { bochsIsInstalled, makeBochsDisk } from './bochs-disk.ts';
import type { GuestImage } from './guest-image.ts';
import { lodge, nodeProgram } from './processes.ts';
import { V86_BIOS, V86_VGA_BIOS } from './v86-files.ts';

export type SystemName = 'lodge' | 'lodge-interpreter' | 'qemu' | 'v86' | 'bochs' | 'native';

/** What is to be booted. */
export interface Boot {
  readonly architecture: Architecture;
  readonly image: GuestImage;
  /** The initramfs, one of the image's. */
  readonly initrd: string;
  /** Names of the rows to run, which the guest's init reads. */
  readonly rows: readonly string[];
  /** Again and again. */
  readonly forever?: boolean;
}

/** A program to start; the guest's first serial port is its standard output. */
interface Command {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** A named pipe that the serial port leads to instead. */
  readonly serial?: string;
}

export interface System {
  readonly name: SystemName;
  readonly title: string;
  /** Whether it boots anything: the host itself does not. */
  readonly boots: boolean;
  command(boot: Boot): Command;
  /** One sentence on what is missing to run it, if something is. */
  missing(architecture: Architecture): string | undefined;
}

/** Memory of a guest in MiB: what `lodge run` gives, and more for the image with the large programs. */
const memory = ({ image, initrd }: Boot): number => (initrd === image.small ? 512 : 1024);
/** What a kernel is started with; Lodge and QEMU have the same names for it. */
const files = ({ image, initrd, rows, forever }: Boot) => ({
  kernel: image.kernel,
  initrd,
  append: `${image.append} rows=${rows.join(',')}${forever ? ' forever=1' : ''}`,
});
const options = (dashes: string, values: Readonly<Record<string, string>>): string[] =>
  Object.entries(values).flatMap(([name, value]) => [`${dashes}${name}`, value]);

const onPath = (program: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((directory) => existsSync(join(directory, program)));

const lodgeWith = (name: SystemName, title: string, engine: string): System => ({
  name,
  title,
  boots: true,
  command: (boot) => ({
    program: lodge,
    arguments: ['run', ...options('--', { engine, memory: `${memory(boot)}M`, ...files(boot) })],
  }),
  missing: () => (existsSync(lodge) ? undefined : `${lodge} does not exist; set LODGE to a launcher that does.`),
});

export const lodgeSystem = lodgeWith('lodge', 'Lodge', 'auto');

const qemuProgram = { amd64: 'qemu-system-x86_64', i386: 'qemu-system-i386' };

// The processor is of the same level (x86-64-v2) as the one that Lodge shows its guests.
const qemu: System = {
  name: 'qemu',
  title: 'QEMU TCG',
  boots: true,
  command: (boot) => ({
    program: qemuProgram[boot.architecture],
    arguments: [
      '-nodefaults',
      '-no-reboot',
      ...options('-', { accel: 'tcg', cpu: 'Nehalem', smp: '1', display: 'none', serial: 'stdio' }),
      ...options('-', { m: String(memory(boot)), ...files(boot) }),
    ],
  }),
  missing: (architecture) =>
    onPath(qemuProgram[architecture])
      ? undefined
      : `QEMU is left out because there is no ${qemuProgram[architecture]}; install Debian's qemu-system-x86.`,
};

const v86: System = {
  name: 'v86',
  title: 'v86',
  boots: true,
  command: (boot) => {
    const { kernel, initrd, append } = files(boot);
    const runner = join(import.meta.dirname, 'v86-runner.js');
    return { program: nodeProgram, arguments: [runner, kernel, initrd, String(memory(boot)), append] };
  },
  missing: (architecture) => {
    if (architecture !== 'i386') return 'v86 is left out because it has no 64-bit mode; --arch i386 compares with it.';
    if (existsSync(V86_BIOS) && existsSync(V86_VGA_BIOS)) return undefined;
    return "v86 is left out because its firmware is missing; install Debian's seabios.";
  },
};

const bochs: System = {
  name: 'bochs',
  title: 'Bochs',
  boots: true,
  command: (boot) => {
    const { options: words, serial } = makeBochsDisk(dirname(boot.initrd), files(boot), memory(boot));
    return { program: 'bochs-bin', arguments: words, serial };
  },
  missing: () =>
    onPath('bochs-bin') && bochsIsInstalled()
      ? undefined
      : "Bochs is left out because it is not installed; install Debian's bochs and vgabios.",
};

const native: System = {
  name: 'native',
  title: 'native',
  boots: false,
  command: ({ image, rows }) => {
    const change = ['chroot', image.tree, '/bin/sh', '/bench/init'];
    const asRoot = process.getuid?.() === 0 ? change : ['unshare', '--user', '--map-root-user', ...change];
    return { program: asRoot[0]!, arguments: asRoot.slice(1), environment: { rows: rows.join(',') } };
  },
  missing: () =>
    process.platform === 'linux' && process.arch === 'x64'
      ? undefined
      : 'Native figures are left out because the host is not Linux on x86-64.',
};

export const systems: readonly System[] = [
  lodgeSystem,
  lodgeWith('lodge-interpreter', 'Lodge, interpreter', 'interpreter'),
  qemu,
  v86,
  bochs,
  native,
];

// Bochs takes half an hour for what the others do in a few minutes: it runs when it is asked for.
const DEFAULT_SYSTEMS = systems.map(({ name }) => name).filter((name) => name !== 'bochs');

/** The systems that `--systems` names, or all but Bochs that can run; says on standard error what is left out and why. */
export function selectSystems(wanted: string | undefined, architecture: Architecture): readonly System[] {
  const names = wanted?.split(',') ?? DEFAULT_SYSTEMS;
  const unknown = names.find((name) => systems.every((system) => system.name !== name));
  if (unknown !== undefined) {
    throw new UserError(`There is no system ${unknown}; there are ${systems.map(({ name }) => name).join(', ')}.`);
  }
  return systems.filter((system) => {
    if (!names.includes(system.name)) return false;
    const missing = system.missing(architecture);
    if (missing !== undefined) process.stderr.write(`${missing}\n`);
    return missing === undefined;
  });
}
