// Lines that a script in the guest writes on a serial port.

import type { CharacterBackend, CharacterInput } from '../../base/character-backend.ts';

// No script of ours writes a longer line; a guest that does is not to fill the host's memory.
const LONGEST_LINE = 4096;

/** Calls `onLine` with each line, without the carriage return that the guest's terminal driver adds. */
export function lineReader(
  onLine: (line: string) => void,
  connect: (input: CharacterInput) => void = () => {},
): CharacterBackend {
  const decoder = new TextDecoder('latin1');
  let line = '';
  return {
    write(bytes) {
      const lines = (line + decoder.decode(bytes)).split('\n');
      line = (lines.pop() ?? '').slice(0, LONGEST_LINE);
      for (const whole of lines) onLine(whole.replace(/\r$/, ''));
    },
    connect,
  };
}
