import type { CommandSyntax } from '../options/command.ts';
import { address, choice, duration, flag, repeatable, size, text, withPreset } from '../options/option-table.ts';
import { DISK_SYNTAX } from '../../host/node/disk-text.ts';
import { ALLOW_SYNTAX, NETWORK_SYNTAX, PUBLISH_SYNTAX } from '../../host/node/network-syntax.ts';
import { ESCAPE_KEY_HELP } from '../../host/node/escape-keys.ts';

const options = {
  kernel: text('FILE', 'boot this kernel: a Linux bzImage, or an ELF file with a PVH note or a Multiboot header'),
  initrd: text('FILE', 'the initial ramdisk of the kernel'),
  append: text('TEXT', 'the kernel command line; with an image, added to its own'),
  module: repeatable(text('FILE', 'a Multiboot module: a file name, and after a space what the kernel is told')),
  memory: withPreset(size('the memory of the guest'), '512M'),
  timeout: duration('end with status 124 when the guest still runs after this time'),
  disk: repeatable(text('DISK', 'add a disk: FILE[,format=raw|qcow2][,readonly][,snapshot], or more, see below')),
  snapshot: flag('throw away in the end what the guest writes to the disk of its image'),
  share: repeatable(
    text('HOSTDIR:TAG[,readonly]', 'share a directory with the guest, which mounts it by its tag and the type 9p'),
  ),
  network: text(
    NETWORK_SYNTAX,
    'where the network card leads: nowhere, to the world through this host, or to the other guests on a switch (user for debian-full and with --publish or --allow, else none)',
  ),
  publish: repeatable(text(PUBLISH_SYNTAX, 'have connections to a port of this host lead to a port of the guest')),
  allow: repeatable(text(ALLOW_SYNTAX, 'let the guest reach this and, but for what other --allow name, nothing else')),
  device: repeatable(
    text(
      'NAME',
      'add a device: debug-exit ends the monitor with status (v << 1) | 1 when the guest writes v to port 0xF4',
    ),
  ),
  engine: withPreset(choice(['interpreter', 'translator', 'auto'], 'what runs the guest'), 'auto'),
  clock: withPreset(
    choice(
      ['host', 'instructions'],
      'what time in the guest follows; with instructions, the same input gives the same run',
    ),
    'host',
  ),
  stats: text('FILE', 'write counts and times of the run to this file, as JSON'),
  'dump-region': address(
    'show translated code on standard error: guest instructions, intermediate representation and WebAssembly of the region whose entry is at this guest-virtual address',
    '0xffffffff81000000',
  ),
  verbose: flag('show the boot messages on standard error when a COMMAND is run'),
};

export const runSyntax = {
  name: 'lodge run',
  summary: 'Runs a virtual machine: from an image, which is built first if it has to be, or from a kernel file.',
  usage: [
    'IMAGE [OPTION]…                         a console on this terminal',
    'IMAGE [OPTION]… -- COMMAND [ARGUMENT]…  one command in the guest',
    '--kernel FILE [OPTION]…                 a kernel of your own',
  ],
  options,
  positionals: 1,
  takesRest: true,
  notes: [
    `Keys on the console:\n${ESCAPE_KEY_HELP.map((line) => `  ${line}`).join('\n')}`,
    `Disks:\n${DISK_SYNTAX.split('\n')
      .map((line) => `  ${line}`)
      .join('\n')}`,
    'COMMAND is run as it is, without a shell around it; for one, write -- sh -c "…". Its output and exit status become those of lodge.',
    'Exit status: 0 when the guest powers off, the status of COMMAND, 2 for a mistake in what was asked, 3 when the guest fails (a triple fault, or a halt with interrupts off), 124 when the time is up.',
  ],
} satisfies CommandSyntax;
