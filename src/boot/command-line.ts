import { UserError } from '../base/errors.ts';

/** The longest command line that a protocol without a limit of its own takes, in bytes. */
export const LONGEST_COMMAND_LINE = 0xffff;

/**
 * A command line as a kernel wants it: UTF-8, ended by a zero byte.
 *
 * @param longest the most bytes the kernel takes, the zero not counted.
 * @throws UserError when it is longer, or holds a zero byte.
 */
export function encodeCommandLine(text: string, longest: number, what = 'command line'): Uint8Array {
  const encoded = new TextEncoder().encode(text);
  if (encoded.includes(0)) {
    throw new UserError(`The ${what} holds a zero byte, where the kernel would take it to end; remove it.`);
  }
  if (encoded.length > longest) {
    throw new UserError(
      `The ${what} has ${encoded.length} bytes but this kernel takes at most ${longest}; make it shorter.`,
    );
  }
  const bytes = new Uint8Array(encoded.length + 1);
  bytes.set(encoded);
  return bytes;
}
