// UDP for guests, by this process's own sockets.

import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import type { DatagramListener, Endpoint, HostDatagramSocket, HostListener } from '../../base/host-sockets.ts';
import { formatIpv4, parseIpv4 } from '../../net/ipv4-address.ts';
import { refusal } from './host-sockets-stream.ts';

/** Bytes that may wait for the kernel; later datagrams are dropped. */
const MOST_QUEUED = 1024 * 1024;

/** A socket on a port that the kernel chooses. */
export function openDatagram(listener: DatagramListener): HostDatagramSocket {
  const socket = createSocket('udp4');
  socket.on('error', () => {});
  return wrap(socket, listener);
}

/** A socket on a certain port. */
export function bindDatagram(at: Endpoint, listener: DatagramListener): Promise<HostDatagramSocket & HostListener> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', (error) => {
      socket.close();
      reject(refusal(at, 'UDP', error));
    });
    socket.bind({ address: formatIpv4(at.address), port: at.port }, () => {
      socket.removeAllListeners('error');
      socket.on('error', () => {});
      resolve({ port: socket.address().port, ...wrap(socket, listener) });
    });
  });
}

function wrap(socket: Socket, listener: DatagramListener): HostDatagramSocket {
  let isOpen = true;
  socket.on('message', (bytes, { address, port }) => {
    const from = parseIpv4(address);
    if (isOpen && from !== undefined) listener(bytes, { address: from, port });
  });
  return {
    send(bytes, to) {
      if (!isOpen || socket.getSendQueueSize() + bytes.length > MOST_QUEUED) return;
      socket.send(bytes, to.port, formatIpv4(to.address), () => {});
    },
    close() {
      if (!isOpen) return;
      isOpen = false;
      socket.close();
    },
  };
}
