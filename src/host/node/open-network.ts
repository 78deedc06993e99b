// What a user writes about a machine's network.

import { UserError } from '../../base/errors.ts';
import type { Endpoint, HostSockets } from '../../base/host-sockets.ts';
import type { NetworkBackend } from '../../base/network-backend.ts';
import { parseEgressRule } from '../../net/egress-rule.ts';
import { parseIpv4 } from '../../net/ipv4-address.ts';
import { HostTime } from '../../net/network-time.ts';
import { LOOPBACK } from '../../net/subnet.ts';
import { UserNetwork } from '../../net/user-network.ts';
import { createHostSockets } from './host-sockets.ts';
import { NETWORK_SYNTAX, PUBLISH_SYNTAX } from './network-syntax.ts';
import { switchPath } from './switch-directory.ts';
import { SwitchNetwork } from './switch-network.ts';

export interface NetworkOptions {
  /** As in `NETWORK_SYNTAX`. */
  readonly network: string;
  /** Each as in `PUBLISH_SYNTAX`. */
  readonly publish?: readonly string[];
  /** Each as in `ALLOW_SYNTAX`. */
  readonly allow?: readonly string[];
  /** What the guest is told by DHCP to call itself. */
  readonly hostName?: string;
  readonly host?: HostSockets;
}

/** The network that the options ask for; undefined for none. Rejects with a `UserError`. */
export async function openNetwork(options: NetworkOptions): Promise<NetworkBackend | undefined> {
  const { network, publish = [], allow = [], hostName, host = createHostSockets() } = options;
  const dhcp = hostName === undefined ? {} : { hostName };
  if (network !== 'user' && publish.length + allow.length > 0) {
    const option = publish.length > 0 ? '--publish' : '--allow';
    throw new UserError(`${option} is for --network user, not for ${network}; use that, or leave it out.`);
  }
  if (network === 'none') return undefined;
  const time = new HostTime();
  const lan = /^switch:([A-Za-z0-9_-]{1,32})(,nat)?$/.exec(network);
  if (lan !== null) {
    const [, name = '', router] = lan;
    if (process.platform === 'win32') {
      throw new UserError('A switch needs Unix-domain sockets, which this system lacks; use --network user.');
    }
    const common = { path: switchPath(name), name, time };
    if (router === undefined) return SwitchNetwork.open(common);
    return SwitchNetwork.open({ ...common, createRouter: () => new UserNetwork({ host, time, dhcp }) });
  }
  if (network !== 'user') {
    throw new UserError(`--network ${network} is none of ${NETWORK_SYNTAX}; a NAME has letters, digits, _ and -.`);
  }
  const ports = publish.map(parsePublish);
  const user = new UserNetwork({ host, time, dhcp, allow: allow.map(parseEgressRule) });
  try {
    for (const { at, guestPort, isUdp } of ports) {
      // oxlint-disable-next-line no-await-in-loop -- the first that fails is the one to tell of
      await (isUdp ? user.publishUdp(at, guestPort) : user.publishTcp(at, guestPort));
    }
  } catch (error) {
    user.close();
    throw error;
  }
  return user;
}

interface Published {
  readonly at: Endpoint;
  readonly guestPort: number;
  readonly isUdp: boolean;
}

/** A `--publish`; without an address the port is the host's own, for its loopback alone. */
function parsePublish(text: string): Published {
  const match = /^(?:([\d.]+):)?(\d{1,5}):(\d{1,5})(?:\/(tcp|udp))?$/.exec(text);
  const [, addressText, hostText, guestText, protocol] = match ?? [];
  const address = addressText === undefined ? LOOPBACK : parseIpv4(addressText);
  const port = Number(hostText);
  const guestPort = Number(guestText);
  const isPort = (value: number): boolean => value >= 1 && value <= 65_535;
  if (match === null || address === undefined || !isPort(port) || !isPort(guestPort)) {
    throw new UserError(
      `--publish ${text} is not ${PUBLISH_SYNTAX}; write, for instance, 8080:80 or 0.0.0.0:5353:53/udp.`,
    );
  }
  return { at: { address, port }, guestPort, isUdp: protocol === 'udp' };
}
