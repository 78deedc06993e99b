/** Why the host could not do what a guest or the user asked of a socket. */
export type SocketFailure = 'refused' | 'unreachable' | 'timed-out' | 'reset' | 'in-use' | 'forbidden' | 'other';

/** An IPv4 address as a number, the first byte in the highest bits, and a port. */
export interface Endpoint {
  readonly address: number;
  /** 1 to 65,535. */
  readonly port: number;
}

/** What a TCP connection of the host tells its owner. Nothing is called inside a call of the owner's. */
export interface HostStreamEvents {
  /** The connection is made. Called once, for connections that the owner asked for. */
  onConnect(): void;
  /** Bytes of the peer, which belong to the callee. */
  onData(bytes: Uint8Array): void;
  /** The peer sends no more; it may still receive. */
  onEnd(): void;
  /** The oldest write that was not told yet has left for the host's kernel. `length` is what it was, in bytes. */
  onWritten(length: number): void;
  /** The connection is over: in order in both directions, or by a failure. Nothing is called afterwards. */
  onClose(failure: SocketFailure | undefined): void;
}

/** A TCP connection of the host, paused at first. Calls after it is over do nothing. */
export interface HostStream {
  /** Queues bytes, which nobody changes afterwards. The caller bounds what is queued, by `onWritten`. */
  write(bytes: Uint8Array): void;
  /** Ends this direction after what is queued. */
  end(): void;
  /** Ends both directions at once, with a reset if the host can. */
  reset(): void;
  /** Stops `onData` and `onEnd`, but for what the host has already begun to deliver. */
  pause(): void;
  resume(): void;
}

/** A UDP socket of the host. */
export interface HostDatagramSocket {
  /** Sends a datagram, or drops it, as networks do. */
  send(bytes: Uint8Array, to: Endpoint): void;
  close(): void;
}

/** Takes a datagram that arrived, whose bytes belong to the callee. */
export type DatagramListener = (bytes: Uint8Array, from: Endpoint) => void;

/** A port of the host that is being listened to. */
export interface HostListener {
  /** The port, also where the host was asked for any. */
  readonly port: number;
  close(): void;
}

/** The part of DNS that the host answers. None of the promises rejects. */
export interface HostResolver {
  /**
   * Hands a DNS message to the host's name servers, by TCP when `byStream`, and resolves with the answer as it
   * came, but for its identifier; or with undefined when there is no server or none answers.
   */
  relay(query: Uint8Array, byStream: boolean): Promise<Uint8Array | undefined>;
  /** IPv4 addresses of a name by whatever means the host has, its hosts file included. Empty when there are none. */
  lookup(name: string): Promise<readonly number[]>;
  /** Names of an IPv4 address. Empty when there are none. */
  reverse(address: number): Promise<readonly string[]>;
}

/** What the user-mode network needs of the host: sockets and names. */
export interface HostSockets {
  readonly resolver: HostResolver;
  /** Begins a connection. Its fate comes by `events`. */
  connect(to: Endpoint, events: HostStreamEvents): HostStream;
  /**
   * Takes connections on a port of the host; port 0 is any that is free. `onConnection` returns who owns the
   * connection, or undefined to have it reset. Rejects with a `UserError`.
   */
  listen(
    at: Endpoint,
    onConnection: (stream: HostStream, from: Endpoint) => HostStreamEvents | undefined,
  ): Promise<HostListener>;
  /** A UDP socket on a port that the host chooses. */
  openDatagram(listener: DatagramListener): HostDatagramSocket;
  /** A UDP socket on a certain port; port 0 is any that is free. Rejects with a `UserError`. */
  bindDatagram(at: Endpoint, listener: DatagramListener): Promise<HostDatagramSocket & HostListener>;
}
