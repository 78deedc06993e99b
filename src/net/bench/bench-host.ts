import type {
  DatagramListener,
  Endpoint,
  HostDatagramSocket,
  HostListener,
  HostResolver,
  HostSockets,
  HostStream,
  HostStreamEvents,
  SocketFailure,
} from '../../base/host-sockets.ts';

/** A connection of the host as a test plays it. */
export class BenchStream implements HostStream {
  readonly to: Endpoint;
  events: HostStreamEvents;
  /** What was written, and how many bytes of it the kernel has taken. */
  readonly written: number[] = [];
  isEnded = false;
  isReset = false;
  isPaused = true;
  #waiting: number[] = [];

  constructor(to: Endpoint, events: HostStreamEvents) {
    this.to = to;
    this.events = events;
  }

  get waiting(): number {
    return this.#waiting.reduce((sum, length) => sum + length, 0);
  }

  write(bytes: Uint8Array): void {
    for (const byte of bytes) this.written.push(byte);
    this.#waiting.push(bytes.length);
  }

  /** The kernel takes `writes` of what waits. */
  drain(writes = Infinity): void {
    for (let count = 0; count < writes; count += 1) {
      const length = this.#waiting.shift();
      if (length === undefined) return;
      this.events.onWritten(length);
    }
  }

  end(): void {
    this.isEnded = true;
  }

  reset(): void {
    this.isReset = true;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  close(failure?: SocketFailure): void {
    this.events.onClose(failure);
  }
}

/** A UDP socket of the host as a test plays it. */
export class BenchDatagramSocket implements HostDatagramSocket, HostListener {
  readonly port: number;
  readonly listener: DatagramListener;
  readonly sent: { readonly bytes: Uint8Array; readonly to: Endpoint }[] = [];
  isOpen = true;

  constructor(port: number, listener: DatagramListener) {
    this.port = port;
    this.listener = listener;
  }

  send(bytes: Uint8Array, to: Endpoint): void {
    this.sent.push({ bytes: bytes.slice(), to });
  }

  close(): void {
    this.isOpen = false;
  }
}

/** The host as a test plays it: nothing happens that the test does not do. */
export class BenchHost implements HostSockets {
  readonly streams: BenchStream[] = [];
  readonly datagrams: BenchDatagramSocket[] = [];
  /** What comes to each port that is listened to. */
  readonly listeners = new Map<number, (stream: HostStream, from: Endpoint) => HostStreamEvents | undefined>();
  /** Queries that were relayed. */
  readonly queries: Uint8Array[] = [];
  /** How the resolver answers. */
  answer: (query: Uint8Array) => Uint8Array | undefined = () => undefined;
  readonly names = new Map<string, readonly number[]>();

  readonly resolver: HostResolver = {
    relay: (query) => {
      this.queries.push(query.slice());
      return Promise.resolve(this.answer(query));
    },
    lookup: (name) => Promise.resolve(this.names.get(name) ?? []),
    reverse: (address) => {
      const names = [...this.names].filter(([, addresses]) => addresses.includes(address));
      return Promise.resolve(names.map(([name]) => name));
    },
  };

  connect(to: Endpoint, events: HostStreamEvents): HostStream {
    const stream = new BenchStream(to, events);
    this.streams.push(stream);
    return stream;
  }

  listen(
    at: Endpoint,
    onConnection: (stream: HostStream, from: Endpoint) => HostStreamEvents | undefined,
  ): Promise<HostListener> {
    this.listeners.set(at.port, onConnection);
    return Promise.resolve({ port: at.port, close: () => this.listeners.delete(at.port) });
  }

  /** Someone connects to a port that is listened to. */
  call(port: number): BenchStream {
    const nobody = {} as HostStreamEvents;
    const stream = new BenchStream({ address: 0, port }, nobody);
    const events = this.listeners.get(port)?.(stream, { address: 0x7f00_0001, port: 40_000 });
    if (events !== undefined) stream.events = events;
    return stream;
  }

  openDatagram(listener: DatagramListener): HostDatagramSocket {
    const socket = new BenchDatagramSocket(30_000 + this.datagrams.length, listener);
    this.datagrams.push(socket);
    return socket;
  }

  bindDatagram(at: Endpoint, listener: DatagramListener): Promise<HostDatagramSocket & HostListener> {
    const socket = new BenchDatagramSocket(at.port, listener);
    this.datagrams.push(socket);
    return Promise.resolve(socket);
  }
}
