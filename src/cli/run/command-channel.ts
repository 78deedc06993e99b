// The monitor's end of the serial ports that `images/run-command` uses.

import type { CharacterBackend } from '../../base/character-backend.ts';
import { InputQueue } from '../../host/node/input-queue.ts';
import { lineReader } from './line-reader.ts';

// One piece of standard input; the guest holds it in memory once.
const LARGEST_PIECE = 32 * 1024;

export interface CommandStreams {
  /** Undefined when the command gets an empty standard input. */
  readonly input: AsyncIterable<Uint8Array> | undefined;
  readonly output: (bytes: Uint8Array) => void;
  readonly errors: (bytes: Uint8Array) => void;
}

export class CommandChannel {
  /** The back ends of COM2, COM3 and COM4. */
  readonly ports: readonly CharacterBackend[];
  /** Called with the command's exit status. Everything it wrote has been delivered before. */
  onExit: (status: number) => void = () => {};
  readonly #queue = new InputQueue();
  readonly #pieces: AsyncGenerator<Uint8Array>;
  #ready = false;

  constructor(streams: CommandStreams) {
    this.#pieces = pieces(streams.input);
    this.ports = [
      { write: streams.output, connect: (input) => this.#queue.connect(input) },
      { write: streams.errors, connect: () => {} },
      lineReader((line) => this.#receive(line)),
    ];
  }

  /** Whether the command has been started. */
  get ready(): boolean {
    return this.#ready;
  }

  #receive(line: string): void {
    const [word, argument] = line.split(' ');
    if (word === 'ready') this.#ready = true;
    else if (word === 'more') void this.#sendPiece();
    else if (word === 'exit' && /^\d{1,3}$/.test(argument ?? '')) this.onExit(Number(argument));
  }

  async #sendPiece(): Promise<void> {
    const { value } = await this.#pieces.next();
    const bytes: Uint8Array = value ?? new Uint8Array(0);
    this.#queue.push(new TextEncoder().encode(`${bytes.length}\n`));
    this.#queue.push(bytes);
  }
}

async function* pieces(input: AsyncIterable<Uint8Array> | undefined): AsyncGenerator<Uint8Array> {
  if (input === undefined) return;
  try {
    for await (const chunk of input) {
      for (let start = 0; start < chunk.length; start += LARGEST_PIECE) {
        yield chunk.subarray(start, start + LARGEST_PIECE);
      }
    }
  } catch {
    // A terminal that has hung up (EIO) or another stream that cannot be read any more has ended.
  }
}
