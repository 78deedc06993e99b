import { readU16, writeU16 } from './big-endian.ts';
import type { DnsServer } from './dns-server.ts';
import type { TcpConnection } from './tcp-connection.ts';
import type { TcpApplication } from './tcp-network.ts';

/** A longer query is none for a name server (bytes). */
const LONGEST_QUERY = 4096;
/** What a guest may have sent that is not answered yet. */
const ROOM = 2 * (LONGEST_QUERY + 2);
/** Responses waiting for the guest, in bytes, beyond which it is not heard. */
const MOST_PENDING = 64 * 1024;

/** DNS over TCP: messages with their length before them (RFC 7766). */
export class DnsStream implements TcpApplication {
  readonly #server: DnsServer;
  #onGone: () => void;
  #connection: TcpConnection | undefined;
  #received = new Uint8Array(0);
  #underWay = 0;
  #guestEnded = false;

  /** `onGone` is called once when the connection is over. */
  constructor(server: DnsServer, onGone: () => void) {
    this.#server = server;
    this.#onGone = onGone;
  }

  get room(): number {
    return this.#isBusy() ? 0 : ROOM - this.#received.length;
  }

  join(connection: TcpConnection): void {
    this.#connection = connection;
  }

  onOpen(): void {}

  onData(bytes: Uint8Array): boolean {
    if (this.#isBusy() || this.#received.length + bytes.length > ROOM) return false;
    const all = new Uint8Array(this.#received.length + bytes.length);
    all.set(this.#received);
    all.set(bytes, this.#received.length);
    let start = 0;
    while (start + 2 <= all.length) {
      const length = readU16(all, start);
      if (length > LONGEST_QUERY) {
        this.#abort();
        return true;
      }
      if (start + 2 + length > all.length) break;
      this.#ask(all.slice(start + 2, start + 2 + length));
      start += 2 + length;
    }
    this.#received = all.slice(start);
    return true;
  }

  onEnd(): void {
    this.#guestEnded = true;
    this.#endIfDone();
  }

  onSent(): void {
    this.#connection?.roomChanged();
  }

  onClose(): void {
    this.#connection = undefined;
    const onGone = this.#onGone;
    this.#onGone = () => {};
    onGone();
  }

  #isBusy(): boolean {
    return (this.#connection?.pending ?? 0) > MOST_PENDING;
  }

  #ask(query: Uint8Array): void {
    this.#underWay += 1;
    const isQuery = this.#server.answer(query, true, (response) => {
      this.#underWay -= 1;
      const message = new Uint8Array(2 + response.length);
      writeU16(message, 0, response.length);
      message.set(response, 2);
      this.#connection?.write(message);
      this.#endIfDone();
    });
    if (!isQuery) this.#abort();
  }

  #abort(): void {
    this.#connection?.abort();
    this.onClose();
  }

  #endIfDone(): void {
    if (this.#guestEnded && this.#underWay === 0) this.#connection?.end();
  }
}
