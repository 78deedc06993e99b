// Names for guests, by the name servers of this host.

import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { getServers, promises } from 'node:dns';
import { connect, isIPv6 } from 'node:net';
import type { HostResolver } from '../../base/host-sockets.ts';
import { formatIpv4, parseIpv4 } from '../../net/ipv4-address.ts';

/** How long a server may think (ms) before the next is asked, and how many are. */
const PATIENCE = 2000;
const MOST_SERVERS = 3;
const DNS_HEADER = 12;

interface Server {
  readonly host: string;
  readonly port: number;
}

export class NodeResolver implements HostResolver {
  readonly #servers: () => readonly string[];
  /** The server that answered last is asked first. */
  #first = 0;

  /** `servers` are addresses with or without a port, as in `resolv.conf`; by default the host's. */
  constructor(servers: () => readonly string[] = getServers) {
    this.#servers = servers;
  }

  async relay(query: Uint8Array, byStream: boolean): Promise<Uint8Array | undefined> {
    const servers = this.#servers().slice(0, MOST_SERVERS).map(parseServer);
    // An identifier that others cannot guess, whatever the guest's was.
    const message = Buffer.from(query);
    message.writeUInt16BE(randomInt(0x1_0000), 0);
    for (let tries = 0; tries < servers.length; tries += 1) {
      const index = (this.#first + tries) % servers.length;
      // oxlint-disable-next-line no-await-in-loop -- the next is asked when this one has failed
      const answer = await (byStream ? askByStream : askByDatagram)(servers[index] as Server, message);
      if (answer === undefined) continue;
      this.#first = index;
      answer.set(query.subarray(0, 2));
      return answer;
    }
    return undefined;
  }

  async lookup(name: string): Promise<readonly number[]> {
    try {
      const found = await promises.lookup(name, { all: true, family: 4 });
      return found.map(({ address }) => parseIpv4(address)).filter((address) => address !== undefined);
    } catch {
      return [];
    }
  }

  async reverse(address: number): Promise<readonly string[]> {
    try {
      const { hostname } = await promises.lookupService(formatIpv4(address), 0);
      return [hostname];
    } catch {
      return [];
    }
  }
}

/** Address and port of a server in the form of `getServers`: 1.2.3.4, 1.2.3.4:53, fe80::1 or [fe80::1]:53. */
function parseServer(text: string): Server {
  const match = /^\[(.*)\]:(\d+)$/.exec(text) ?? (isIPv6(text) ? null : /^(.*):(\d+)$/.exec(text));
  return match === null ? { host: text, port: 53 } : { host: match[1] ?? '', port: Number(match[2]) };
}

function isAnswerTo(query: Buffer, answer: Buffer): boolean {
  return (
    answer.length >= DNS_HEADER &&
    answer.readUInt16BE(0) === query.readUInt16BE(0) &&
    (answer.readUInt8(2) & 0x80) !== 0
  );
}

function askByDatagram({ host, port }: Server, query: Buffer): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    const finish = (answer: Buffer | undefined): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      // What fails after this is of no interest.
      socket.on('error', () => {});
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(() => finish(undefined), PATIENCE);
    socket.on('error', () => finish(undefined));
    socket.on('message', (answer) => {
      if (isAnswerTo(query, answer)) finish(answer);
    });
    // Connected, so that the kernel lets nobody else answer and tells us of a server that is not there.
    socket.connect(port, host, () => socket.send(query));
  });
}

function askByStream({ host, port }: Server, query: Buffer): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    let received = Buffer.alloc(0);
    const socket = connect({ host, port });
    const finish = (answer: Buffer | undefined): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(PATIENCE, () => finish(undefined));
    socket.on('error', () => finish(undefined));
    socket.on('close', () => resolve(undefined));
    socket.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      const length = received.length < 2 ? Infinity : received.readUInt16BE(0);
      if (received.length < 2 + length) return;
      const answer = received.subarray(2, 2 + length);
      finish(isAnswerTo(query, answer) ? answer : undefined);
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length);
    socket.write(Buffer.concat([length, query]));
  });
}
