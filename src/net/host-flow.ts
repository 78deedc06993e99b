import type { HostStream, HostStreamEvents, SocketFailure } from '../base/host-sockets.ts';
import { compact } from './memory-budget.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { TcpConnection } from './tcp-connection.ts';
import type { TcpApplication } from './tcp-network.ts';

/** How much may wait for the host (bytes), and so the window that the guest is offered; less when memory is short. */
const WINDOW = 1024 * 1024;
const SHORT_WINDOW = 16 * 1024;
/** How much may wait for the guest before the host's peer is told to stop. */
const FULL = 1024 * 1024;
const SHORT_FULL = 64 * 1024;
/** What a write costs besides its bytes. */
const OVERHEAD = 256;

/** Joins a connection with the guest to one of the host: bytes, ends and resets cross over in both directions. */
export class HostFlow {
  /** The guest's side. */
  readonly application: TcpApplication;
  /** The host's side. */
  readonly events: HostStreamEvents;
  readonly #budget: MemoryBudget;
  #connection: TcpConnection | undefined;
  #stream: HostStream | undefined;
  #isOpen = false;
  #paused = true;
  /** What is counted in the budget, in bytes. */
  #heldForGuest = 0;
  #heldForHost = 0;

  /**
   * `onRefused` is called when the host's connection fails before the guest's was answered. It returns whether it has
   * told the guest; if not, the guest's connection is reset.
   */
  constructor(budget: MemoryBudget, onRefused: (failure: SocketFailure) => boolean) {
    this.#budget = budget;
    this.application = this.#guestSide();
    this.events = this.#hostSide(onRefused);
  }

  join(connection: TcpConnection, stream: HostStream): void {
    this.#connection = connection;
    this.#stream = stream;
  }

  /** Ends the host's side too, without further words to the guest. */
  cancel(): void {
    this.#connection?.forget();
    this.#connection = undefined;
    this.#releaseGuest();
    this.#releaseHost();
  }

  #guestSide(): TcpApplication {
    const room = (): number => Math.max(0, (this.#budget.isShort ? SHORT_WINDOW : WINDOW) - this.#heldForHost);
    return {
      get room() {
        return room();
      },
      onOpen: () => {
        this.#isOpen = true;
        this.#resumeIfRoom();
      },
      onData: (bytes) => this.#toHost(bytes),
      onEnd: () => this.#stream?.end(),
      onSent: () => {
        this.#countForGuest();
        this.#resumeIfRoom();
      },
      onClose: (ending) => {
        this.#connection = undefined;
        this.#releaseGuest();
        if (ending !== 'done') this.#releaseHost();
      },
    };
  }

  #hostSide(onRefused: (failure: SocketFailure) => boolean): HostStreamEvents {
    return {
      onConnect: () => this.#connection?.open(),
      onData: (bytes) => this.#toGuest(bytes),
      onEnd: () => this.#connection?.end(),
      onWritten: (length) => {
        if (this.#stream === undefined) return;
        this.#budget.give(length + OVERHEAD);
        this.#heldForHost -= length + OVERHEAD;
        this.#connection?.roomChanged();
      },
      onClose: (failure) => {
        this.#stream = undefined;
        this.#releaseHost();
        if (failure === undefined) return;
        const connection = this.#connection;
        this.#connection = undefined;
        if (!this.#isOpen && onRefused(failure)) connection?.forget();
        else connection?.abort();
        this.#releaseGuest();
      },
    };
  }

  #toHost(bytes: Uint8Array): boolean {
    if (this.#stream === undefined) {
      // The host's peer has gone and cannot take what the guest still sends.
      this.#connection?.abort();
      this.cancel();
      return true;
    }
    // Many tiny segments cost more than the window that they were let in by.
    if (this.#heldForHost > 2 * WINDOW || !this.#budget.take(bytes.length + OVERHEAD)) return false;
    this.#heldForHost += bytes.length + OVERHEAD;
    this.#stream.write(compact(bytes));
    return true;
  }

  #toGuest(bytes: Uint8Array): void {
    if (this.#connection === undefined) return;
    this.#connection.write(compact(bytes));
    this.#countForGuest();
    if (this.#connection.pending < this.#full() || this.#paused) return;
    this.#paused = true;
    this.#stream?.pause();
  }

  #resumeIfRoom(): void {
    if (!this.#paused || this.#stream === undefined || !this.#isOpen) return;
    if ((this.#connection?.pending ?? 0) > this.#full() / 2) return;
    this.#paused = false;
    this.#stream.resume();
  }

  #full(): number {
    return this.#budget.isShort ? SHORT_FULL : FULL;
  }

  #countForGuest(): void {
    const pending = this.#connection?.pending ?? 0;
    this.#budget.force(pending - this.#heldForGuest);
    this.#heldForGuest = pending;
  }

  #releaseGuest(): void {
    this.#budget.give(this.#heldForGuest);
    this.#heldForGuest = 0;
  }

  #releaseHost(): void {
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.reset();
    this.#budget.give(this.#heldForHost);
    this.#heldForHost = 0;
  }
}
