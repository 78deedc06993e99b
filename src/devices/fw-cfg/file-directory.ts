import { UserError } from '../../base/errors.ts';

/** The selector of the first file; the others follow in the order of the directory. */
const FIRST_FILE = 0x20;
/** With bit 14 for write access and bit 15 for the architecture, files may have selectors up to here. */
const MOST_FILES = 0x4000 - FIRST_FILE;
const ENTRY_LENGTH = 64;
export const NAME_LENGTH = 56;

/** Writes a file's name and zeroes up to `NAME_LENGTH`. Throws `UserError` for one that does not fit. */
export const writeName = (into: Uint8Array, offset: number, name: string): void => {
  if (name.length === 0 || name.length >= NAME_LENGTH || !/^[\x21-\x7e]+$/.test(name)) {
    throw new UserError(
      `The firmware configuration file name '${name}' is not fit; it takes 1 to ${NAME_LENGTH - 1} printable ASCII characters without a space.`,
    );
  }
  for (let index = 0; index < name.length; index += 1) into[offset + index] = name.charCodeAt(index);
};

/** The directory item: how many files there are, then size, selector and name of each, sorted by name, all big-endian. */
export const buildDirectory = (
  files: ReadonlyMap<string, Uint8Array>,
): { readonly directory: Uint8Array; readonly files: ReadonlyMap<number, Uint8Array> } => {
  const sorted = [...files].toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (sorted.length > MOST_FILES) {
    throw new UserError(`There are ${sorted.length} firmware configuration files; there may be ${MOST_FILES}.`);
  }
  const directory = new Uint8Array(4 + sorted.length * ENTRY_LENGTH);
  const view = new DataView(directory.buffer);
  view.setUint32(0, sorted.length);
  const bySelector = new Map<number, Uint8Array>();
  for (const [index, [name, bytes]] of sorted.entries()) {
    const at = 4 + index * ENTRY_LENGTH;
    view.setUint32(at, bytes.length);
    view.setUint16(at + 4, FIRST_FILE + index);
    writeName(directory, at + 8, name);
    bySelector.set(FIRST_FILE + index, bytes);
  }
  return { directory, files: bySelector };
};
