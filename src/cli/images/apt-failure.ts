// Turning what apt says when it fails into one sentence.

const UNREACHABLE =
  /Could not resolve|Temporary failure resolving|Could not connect|Cannot initiate the connection|Connection (?:failed|timed out|refused|reset)|Network is unreachable|Unable to connect/;
const NO_SPACE = /No space left on device|\(28: |enough free space/;

/** Whether apt failed because the disk is full. */
export const saysDiskFull = (stderr: string): boolean => NO_SPACE.test(stderr);

/** The sentence for `what` (such as "busybox-static=1.35") that apt failed to fetch, given its error output. */
export function explainAptFailure(what: string, stderr: string): string {
  if (saysDiskFull(stderr)) {
    return `The disk is full: there is no room to download ${what}; free some space, or set XDG_CACHE_HOME to a directory on another disk.`;
  }
  if (UNREACHABLE.test(stderr)) {
    const server = /https?:\/\/([^/\s]+)/.exec(stderr)?.[1] ?? "Debian's archive";
    return `${server} cannot be reached to download ${what}; check the network connection and the proxy settings, then try again.`;
  }
  const said = /^E: (.*)$/m.exec(stderr)?.[1] ?? stderr.trim().split('\n').at(-1) ?? '';
  return `The download of ${what} by apt-get failed${said === '' ? '' : ` (${said.trim()})`}; try again later, or check this machine's apt sources.`;
}
