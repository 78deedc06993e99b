import type { HostSockets } from '../../base/host-sockets.ts';
import { bindDatagram, openDatagram } from './host-sockets-datagram.ts';
import { NodeResolver } from './host-sockets-resolver.ts';
import { connectStream, listenStream } from './host-sockets-stream.ts';

/** The sockets of this process. `nameServers` replaces the host's own, as addresses with or without a port. */
export function createHostSockets(options: { readonly nameServers?: readonly string[] } = {}): HostSockets {
  const { nameServers } = options;
  return {
    resolver: nameServers === undefined ? new NodeResolver() : new NodeResolver(() => nameServers),
    connect: connectStream,
    listen: listenStream,
    openDatagram,
    bindDatagram,
  };
}
