// What differs between the two kinds of guest.

import { UserError } from '../src/base/errors.ts';

/** Debian's name of an architecture. */
export type Architecture = 'amd64' | 'i386';

interface Platform {
  /** The image of Lodge with that kernel and busybox. */
  readonly image: string;
  /** The directory of libraries and the prefix of compilers. */
  readonly multiarch: string;
  /** What gcc's own directory is called. */
  readonly compiler: string;
  readonly compilerFlags: readonly string[];
}

export const platforms: Readonly<Record<Architecture, Platform>> = {
  amd64: {
    image: 'debian',
    multiarch: 'x86_64-linux-gnu',
    compiler: 'x86_64-linux-gnu',
    compilerFlags: ['-m64'],
  },
  i386: {
    image: 'debian-i386',
    multiarch: 'i386-linux-gnu',
    compiler: 'i686-linux-gnu',
    compilerFlags: ['-m32', '-march=i686'],
  },
};

/** The architecture of that name. Throws a UserError for another. */
export function toArchitecture(name: string): Architecture {
  if (name === 'amd64' || name === 'i386') return name;
  throw new UserError(`There is no architecture ${name}; there are ${Object.keys(platforms).join(' and ')}.`);
}
