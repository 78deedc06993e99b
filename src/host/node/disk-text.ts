// The user's words for a disk.

import { UserError } from '../../base/errors.ts';

/** For the help of the command line. */
export const DISK_SYNTAX = `FILE[,format=raw|qcow2][,readonly][,snapshot]
nbd://HOST[:PORT][/EXPORT][,readonly][,snapshot]
nbd+unix:///[EXPORT]?socket=PATH[,readonly][,snapshot]
raid0:DISK+DISK…[,OPTION…]  raid1:DISK+DISK…[,OPTION…]
A comma in a name is written twice, and so is a plus in a name within raid0 or raid1.`;

export type DiskFormat = 'raw' | 'qcow2';

export interface DiskText {
  readonly kind: 'one' | 'raid0' | 'raid1';
  /** Files and addresses: one, or two and more. */
  readonly places: readonly string[];
  /** Undefined: found out from each file's content. */
  readonly format: DiskFormat | undefined;
  readonly isReadOnly: boolean;
  /** Writes are thrown away in the end. */
  readonly isSnapshot: boolean;
}

/** Takes the words apart. Throws a UserError for what cannot be understood. */
export function parseDiskText(text: string): DiskText {
  const [first = '', ...options] = splitAt(text, ',');
  const [, raid, rest = ''] = /^(raid[01]):(.*)$/s.exec(first) ?? [undefined, undefined, first];
  const places = raid === undefined ? [first] : splitAt(rest, '+');
  if (places.includes('')) {
    throw new UserError(
      `The disk '${text}' names no file${raid === undefined ? '' : ' in some place'}; write one as FILE[,OPTION…].`,
    );
  }
  if (raid !== undefined && places.length < 2) {
    throw new UserError(`The disk '${text}' has one member; write ${raid}:DISK+DISK with at least two.`);
  }
  let format: DiskFormat | undefined;
  for (const option of options) {
    if (option === 'format=raw') format = 'raw';
    else if (option === 'format=qcow2') format = 'qcow2';
    else if (option !== 'readonly' && option !== 'snapshot') {
      throw new UserError(
        `The disk '${text}' has an option '${option}' that Lodge does not know; it knows format=raw, format=qcow2, readonly and snapshot (a comma in a name is written twice).`,
      );
    }
  }
  const isReadOnly = options.includes('readonly');
  const isSnapshot = options.includes('snapshot');
  if (isReadOnly && isSnapshot) {
    throw new UserError(`The disk '${text}' cannot be both readonly and snapshot; leave one out.`);
  }
  return { kind: (raid ?? 'one') as DiskText['kind'], places, format, isReadOnly, isSnapshot };
}

/** Splits at single separators; double ones stand for one that is part of the text. */
function splitAt(text: string, separator: string): string[] {
  const parts = [''];
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] as string;
    if (character === separator && text[index + 1] !== separator) {
      parts.push('');
      continue;
    }
    if (character === separator) index += 1;
    parts.push((parts.pop() as string) + character);
  }
  return parts;
}
