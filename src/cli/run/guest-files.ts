// Files that one run adds to the initramfs of an image, in `/lodge`. The kernel unpacks archives that follow each
// other, so they are an archive behind the image's own. It brings the scripts as well: an image that another version
// of Lodge built has others.

import type { WindowSize } from '../../host/node/window-size.ts';
import type { CpioMember } from '../images/cpio.ts';
import { writeCpio } from '../images/cpio.ts';
import { scriptMembers } from '../images/initramfs.ts';

/** A word that a POSIX shell reads back as exactly `word`. */
export const shellQuote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

const file = (name: string, content: string): CpioMember => ({
  kind: 'file',
  path: `lodge/${name}`,
  data: new TextEncoder().encode(content),
});

function withFiles(initrd: Uint8Array, files: readonly CpioMember[]): Uint8Array {
  const archive = writeCpio([...scriptMembers(), { kind: 'directory', path: 'lodge' }, ...files]);
  // A newc archive starts at a multiple of 4 bytes; zeros between archives are skipped.
  const start = (initrd.length + 3) & ~3;
  const joined = new Uint8Array(start + archive.length);
  joined.set(initrd);
  joined.set(archive, start);
  return joined;
}

/** The initramfs for a command: `images/run-command` runs it, with standard input when `hasInput`. */
export function withCommand(initrd: Uint8Array, command: readonly string[], hasInput: boolean): Uint8Array {
  const files = [file('command', `${command.map(shellQuote).join(' ')}\n`)];
  if (hasInput) files.push(file('stdin', ''));
  return withFiles(initrd, files);
}

/** The initramfs for a shell: `images/profile` reads what the terminal is. */
export function withTerminal(initrd: Uint8Array, name: string | undefined, size: WindowSize | undefined): Uint8Array {
  const lines = [
    ...(name === undefined ? [] : [`TERM=${shellQuote(name)}`]),
    ...(size === undefined ? [] : [`ROWS=${size.rows}`, `COLUMNS=${size.columns}`]),
  ];
  return withFiles(initrd, [file('terminal', lines.map((line) => `${line}\n`).join(''))]);
}
