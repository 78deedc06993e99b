// What Node.js says went wrong, in the numbers that a guest understands.

import { LINUX_ERROR_NUMBERS, LinuxError, type LinuxErrorName } from '../../base/linux-error.ts';

const OTHER_NAMES: Readonly<Record<string, LinuxErrorName>> = {
  ENOTSUP: 'EOPNOTSUPP',
  // The whole process, or the host, has no more of them: nothing that the guest's process has too many of.
  EMFILE: 'ENFILE',
  ERR_OUT_OF_RANGE: 'EINVAL',
  ERR_INVALID_ARG_VALUE: 'EINVAL',
};

function toLinuxError(error: unknown): LinuxError {
  if (error instanceof LinuxError) return error;
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  const other = OTHER_NAMES[code];
  if (other !== undefined) return new LinuxError(other, error);
  return new LinuxError(Object.hasOwn(LINUX_ERROR_NUMBERS, code) ? (code as LinuxErrorName) : 'EIO', error);
}

/** Whatever `action` throws becomes a `LinuxError`, EIO if it fits nothing else. */
export async function withLinuxErrors<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw toLinuxError(error);
  }
}

/** As `withLinuxErrors`, one operation after the other. */
export function inTurn(): typeof withLinuxErrors {
  let last: Promise<unknown> = Promise.resolve();
  return (action) => {
    const next = last.then(() => withLinuxErrors(action));
    last = next.catch(() => {});
    return next;
  };
}
