// Keys for the monitor among the keys for the guest. Ctrl-A begins one, as in QEMU's and screen's consoles.

const CTRL_A = 0x01;

/** What the user asks of the monitor. */
export type MonitorRequest = 'end' | 'help' | 'break';

const REQUESTS: Readonly<Record<string, MonitorRequest>> = { x: 'end', h: 'help', '?': 'help', b: 'break' };

export const ESCAPE_KEY_HELP: readonly string[] = [
  'Ctrl-A X       end the monitor, as pulling the plug would',
  'Ctrl-A B       send a break',
  'Ctrl-A Ctrl-A  send Ctrl-A',
  'Ctrl-A H       show this help',
];

export class EscapeKeys {
  readonly #onRequest: (request: MonitorRequest) => void;
  #pending = false;

  constructor(onRequest: (request: MonitorRequest) => void) {
    this.#onRequest = onRequest;
  }

  /**
   * Takes out the monitor's keys and returns what is for the guest. Ctrl-A before any other key goes to the guest with
   * that key, so that Ctrl-A works in the guest's programs as long as none of the four keys follows it.
   */
  filter(typed: Uint8Array): Uint8Array {
    if (!this.#pending && !typed.includes(CTRL_A)) return typed;
    const forGuest: number[] = [];
    for (const key of typed) {
      if (!this.#pending) {
        if (key === CTRL_A) this.#pending = true;
        else forGuest.push(key);
        continue;
      }
      this.#pending = false;
      const request = REQUESTS[String.fromCharCode(key).toLowerCase()];
      if (request !== undefined) this.#onRequest(request);
      else if (key === CTRL_A) forGuest.push(CTRL_A);
      else forGuest.push(CTRL_A, key);
    }
    return Uint8Array.from(forGuest);
  }
}
