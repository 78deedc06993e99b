// The monitor's own standard streams as ends of a guest's serial ports.

import { fstatSync, statSync } from 'node:fs';
import type { ReadStream } from 'node:tty';
import type { CharacterBackend, CharacterInput } from '../../base/character-backend.ts';
import type { Disposable } from '../../base/disposable.ts';
import { DisposableStore } from '../../base/disposable.ts';
import type { MonitorRequest } from '../../host/node/escape-keys.ts';
import { EscapeKeys } from '../../host/node/escape-keys.ts';
import { InputQueue } from '../../host/node/input-queue.ts';
import type { OutputQueue } from '../../host/node/output-queue.ts';
import { enterRawMode } from '../../host/node/raw-mode.ts';

/** Whether standard input could give anything: it is open and not /dev/null. */
export function hasStandardInput(): boolean {
  try {
    const status = fstatSync(0);
    return !(status.isCharacterDevice() && status.rdev === statSync('/dev/null').rdev);
  } catch {
    return false;
  }
}

const CTRL_D = 0x04;
const END_OF_INPUT_INTERVAL = 1000;

export interface ConsoleOptions {
  readonly output: OutputQueue;
  readonly onRequest: (request: MonitorRequest) => void;
  /** Whether a shell is to be told the end of piped input, by Ctrl-D. */
  readonly sendEndOfInput: boolean;
}

/** Standard input and output as the end of a serial port: of one guest after another, when it restarts. */
export class StandardConsole implements CharacterBackend, Disposable {
  readonly #options: ConsoleOptions;
  readonly #queue = new InputQueue();
  readonly #resources = new DisposableStore();
  #input: CharacterInput | undefined;
  #held = false;

  constructor(options: ConsoleOptions) {
    this.#options = options;
    const { stdin } = process;
    if (stdin.isTTY) this.#takeTerminal(stdin);
    else this.#takeStream(stdin);
    this.#resources.add({ dispose: () => void stdin.pause() });
  }

  write(bytes: Uint8Array): void {
    this.#options.output.write(bytes);
  }

  connect(input: CharacterInput): void {
    this.#input = input;
    if (!this.#held) this.#queue.connect(input);
  }

  /** Keeps piped input until `release`, for a guest that throws away what comes before. Called before the guest starts. */
  hold(): void {
    this.#held = !process.stdin.isTTY;
  }

  /** Lets held input through. */
  release(): void {
    if (!this.#held) return;
    this.#held = false;
    if (this.#input !== undefined) this.#queue.connect(this.#input);
  }

  /** Sends the guest a break. */
  sendBreak(): void {
    this.#queue.sendBreak();
  }

  dispose(): void {
    this.#resources.dispose();
  }

  #takeTerminal(terminal: ReadStream): void {
    this.#resources.add(enterRawMode(terminal));
    const keys = new EscapeKeys(this.#options.onRequest);
    terminal.on('data', (typed: Buffer) => this.#queue.push(keys.filter(typed)));
    // The window was closed.
    terminal.on('error', () => this.#options.onRequest('end'));
    terminal.on('end', () => this.#options.onRequest('end'));
  }

  #takeStream(stream: NodeJS.ReadStream): void {
    stream.on('data', (bytes: Buffer) => {
      if (this.#queue.push(bytes)) return;
      stream.pause();
      this.#queue.onDrained(() => void stream.resume());
    });
    const ended = (): void => {
      if (this.#options.sendEndOfInput) this.#queue.onDrained(() => this.#keepSendingEndOfInput());
    };
    stream.on('error', ended);
    stream.on('end', ended);
  }

  // A Ctrl-D that comes while a program runs that does not read the terminal is lost to the shell behind it, so it is
  // sent as a key that is held down.
  #keepSendingEndOfInput(): void {
    const send = (): void => void this.#queue.push(Uint8Array.of(CTRL_D));
    send();
    const timer = setInterval(send, END_OF_INPUT_INTERVAL);
    this.#resources.add({ dispose: () => clearInterval(timer) });
  }
}
