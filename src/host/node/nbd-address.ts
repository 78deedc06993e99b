import { UserError } from '../../base/errors.ts';
import type { NbdSocketAddress } from './nbd-connection.ts';

const DEFAULT_PORT = 10_809;
const EXAMPLES = 'write nbd://HOST:PORT/EXPORT or nbd+unix:///EXPORT?socket=PATH';

/**
 * An address of a network block device as its own community writes it (NBD URI scheme). Throws a UserError for what is none.
 */
export function parseNbdAddress(text: string): { readonly socket: NbdSocketAddress; readonly exportName: string } {
  const refuse = (what: string): UserError => new UserError(`The disk ${text} ${what}; ${EXAMPLES}.`);
  if (!URL.canParse(text)) throw refuse('is no address of a network block device');
  const url = new URL(text);
  const exportName = decode(url.pathname.slice(1));
  if (exportName === undefined || url.username !== '' || url.hash !== '') {
    throw refuse('is no address of a network block device');
  }
  if (url.protocol === 'nbd+unix:') {
    const path = url.searchParams.get('socket') ?? '';
    if (path === '' || url.host !== '' || url.searchParams.size > 1) throw refuse('names no socket');
    return { socket: { path }, exportName };
  }
  if (url.protocol !== 'nbd:' && url.protocol !== 'nbd+tcp:') throw refuse('has a scheme that Lodge does not speak');
  if (url.hostname === '' || url.search !== '') throw refuse('names no host');
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  return { socket: { host: decode(url.hostname.replace(/^\[(.*)\]$/, '$1')) ?? url.hostname, port }, exportName };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
