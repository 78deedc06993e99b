// The monitor's end of the serial port that `images/session` and `images/follow-window` use.

import type { CharacterBackend } from '../../base/character-backend.ts';
import type { Disposable } from '../../base/disposable.ts';
import { InputQueue } from '../../host/node/input-queue.ts';
import { onWindowResize, windowSize } from '../../host/node/window-size.ts';
import { lineReader } from './line-reader.ts';

export class WindowChannel implements Disposable {
  /** The back end of COM2. */
  readonly port: CharacterBackend;
  readonly #queue = new InputQueue();
  #resize: Disposable | undefined;

  /** `onShell` is called when the shell is about to start. */
  constructor(onShell: () => void) {
    this.port = lineReader(
      (line) => {
        if (line === 'shell') onShell();
        if (line === 'window') this.#follow();
      },
      (input) => this.#queue.connect(input),
    );
  }

  dispose(): void {
    this.#resize?.dispose();
  }

  #follow(): void {
    const send = (size = windowSize()): void => {
      if (size !== undefined) this.#queue.push(new TextEncoder().encode(`${size.rows} ${size.columns}\n`));
    };
    this.#resize ??= onWindowResize(send);
    send();
  }
}
