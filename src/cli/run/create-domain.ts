// The one place where the command line meets the machine.

import { CompositionError } from '../../base/errors.ts';
import type { Domain, DomainOptions } from './domain.ts';

/** Makes a domain. Rejects with a UserError when the guest cannot be booted as asked. */
export function createDomain(options: DomainOptions): Promise<Domain> {
  return Promise.reject(new CompositionError(`this build has no ${options.engine}`));
}
