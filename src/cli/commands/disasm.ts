// `lodge disasm`

import { UserError } from '../../base/errors.ts';
import { readInputFile } from '../../host/node/read-input-file.ts';
import { disassemble } from '../../translate/disassemble.ts';
import type { CommandSyntax } from '../options/command.ts';
import { address, choice, withPreset } from '../options/option-table.ts';
import { parseArguments } from '../options/parse.ts';

export const disasmSyntax = {
  name: 'lodge disasm',
  summary: 'Shows a file of machine code as text: the instructions that Lodge knows, as it decodes them.',
  usage: ['FILE [OPTION]…'],
  options: {
    mode: withPreset(choice(['64', '32', '16'], 'the code size in bits'), '64'),
    base: withPreset(address("the address of the file's first byte"), '0'),
  },
  positionals: 1,
  notes: ['The file is taken for code from its first byte to its last; headers of executables are not understood.'],
} satisfies CommandSyntax;

const BYTES_SHOWN = 8;
/** Characters written at a time. */
const CHUNK = 1 << 16;

/** Writes to standard output, and waits for a reader that is slower. False when the reader has gone. Throws a UserError. */
function write(text: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      const { code, message } = (error ?? {}) as NodeJS.ErrnoException;
      if (!error || code === 'EPIPE') resolve(!error);
      else
        reject(
          new UserError(`The text cannot be written (${code ?? message}); give it another place.`, { cause: error }),
        );
    });
  });
}

/** Runs the command and returns the exit status. Throws a UserError. */
export async function disasm(args: readonly string[]): Promise<number> {
  const { options, positional } = parseArguments(disasmSyntax, args);
  const [file] = positional;
  if (file === undefined) throw new UserError('Name the file to disassemble, as in lodge disasm code.bin --mode 32.');
  const bytes = readInputFile(file, 'file');
  // The callback of each write sees the error.
  process.stdout.on('error', () => {});
  let text = '';
  for (const line of lines(bytes, Number(options.mode) as 16 | 32 | 64, options.base)) {
    text += `${line}\n`;
    if (text.length < CHUNK) continue;
    if (!(await write(text))) return 0;
    text = '';
  }
  await write(text);
  return 0;
}

/** One line an instruction: address, bytes, text. */
function* lines(bytes: Uint8Array, codeSize: 16 | 32 | 64, base: bigint): Generator<string> {
  for (let offset = 0; offset < bytes.length;) {
    const at = BigInt.asUintN(codeSize === 64 ? 64 : 32, base + BigInt(offset));
    const { length, text } = disassemble(bytes, offset, codeSize, at);
    const code = bytes.subarray(offset, offset + length);
    const hex = Array.from(code, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    yield `${at.toString(16).padStart(codeSize === 64 ? 16 : 8, '0')}  ${hex.padEnd(BYTES_SHOWN * 3)} ${text}`;
    offset += length;
  }
}
