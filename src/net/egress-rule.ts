import { UserError } from '../base/errors.ts';
import { isLoopback, parseIpv4Block } from './ipv4-address.ts';
import type { Ipv4Block } from './ipv4-address.ts';
import { SUBNET } from './subnet.ts';

/** One `--allow`: the host's loopback, a block of addresses, or a name with, or instead of it, all below it. */
export type EgressRule = { readonly port: number | undefined } & (
  | { readonly kind: 'gateway' }
  | { readonly kind: 'block'; readonly block: Ipv4Block }
  | { readonly kind: 'name'; readonly name: string; readonly isSuffix: boolean }
);

export const ALLOW_SYNTAX = 'HOST[:PORT]';

const NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/** The rule of an `--allow`. Throws `UserError`. */
export function parseEgressRule(text: string): EgressRule {
  const refuse = (what: string): never => {
    throw new UserError(
      `--allow ${text} ${what}; name ${ALLOW_SYNTAX}, where HOST is a name, *.NAME, an IPv4 address, ` +
        'a block such as 10.1.0.0/16, or gateway.',
    );
  };
  if (/^\[|:.*:/.test(text)) refuse('is an IPv6 address, which guests do not have');
  const [host = '', portText, ...rest] = text.toLowerCase().split(':');
  const port = portText === undefined ? undefined : Number(portText);
  if (
    rest.length > 0 ||
    (portText !== undefined && (!/^\d{1,5}$/.test(portText) || port === 0 || Number(port) > 65_535))
  ) {
    refuse('has no port from 1 to 65535 after the colon');
  }
  const block = parseIpv4Block(host);
  if (block !== undefined) {
    const isHost = block.mask === 0xffff_ffff && (isLoopback(block.address) || block.address === SUBNET.gateway);
    return isHost ? { kind: 'gateway', port } : { kind: 'block', block, port };
  }
  if (host === 'gateway' || host === 'localhost') return { kind: 'gateway', port };
  const isSuffix = host.startsWith('*.');
  const name = (isSuffix ? host.slice(2) : host).replace(/\.$/, '');
  if (!NAME.test(name) || /^[\d.]+$/.test(name) || host.includes('/')) refuse('names no host');
  return { kind: 'name', name, isSuffix, port };
}
