// One command in a guest, with its streams and its exit status made those of this process.

import { UserError } from '../../base/errors.ts';
import { OutputQueue } from '../../host/node/output-queue.ts';
import { CommandChannel } from './command-channel.ts';
import { ConsoleLog } from './console-log.ts';
import type { Domain } from './domain.ts';
import { withCommand } from './guest-files.ts';
import { guestFailure, GUEST_FAILED } from './report.ts';
import type { RunContext } from './run-console.ts';
import { hasStandardInput } from './standard-streams.ts';

const SHOWN_LINES = 12;

/** Runs the command in the image and returns its exit status. Throws a UserError when the guest fails before that. */
export async function runCommand(
  context: RunContext,
  command: readonly string[],
  verbose: boolean,
  onDomain: (domain: Domain) => void,
): Promise<number> {
  const { source, options, supervisor, output } = context;
  const errors = new OutputQueue(process.stderr, () => {});
  const hasInput = hasStandardInput();
  const channel = new CommandChannel({
    input: hasInput ? process.stdin : undefined,
    output: (bytes) => output.write(bytes),
    errors: (bytes) => errors.write(bytes),
  });
  channel.onExit = (status) => supervisor.end({ status });
  const log = new ConsoleLog(verbose ? (bytes) => errors.write(bytes) : undefined);
  const domain = await context.create({
    ...options,
    ...source,
    initrd: withCommand(source.initrd ?? new Uint8Array(0), command, hasInput),
    // A kernel that panics restarts instead of waiting for somebody to read the message: the domain ends then.
    append: `${source.append} panic=-1${verbose ? '' : ' quiet'}`,
    serial: [log, ...channel.ports],
  });
  onDomain(domain);
  const ending = await supervisor.run(domain);
  output.flush();
  errors.flush();
  if ('status' in ending) return ending.status;
  const withLog = (message: string, status: number): UserError => {
    const lines = verbose ? [] : log.lastLines(SHOWN_LINES);
    const shown = lines.length === 0 ? '' : `\nThe end of its console:\n${lines.map((line) => `  ${line}`).join('\n')}`;
    return new UserError(`${message}${shown}`, { status });
  };
  if ('error' in ending) throw channel.ready ? ending.error : withLog(ending.error.message, ending.error.status);
  const { outcome } = ending;
  const failure = guestFailure(outcome);
  if (failure !== undefined) throw withLog(failure.message, failure.status);
  if (outcome.kind === 'exit') return outcome.status;
  // The command itself has turned the machine off.
  if (outcome.kind === 'poweroff' && channel.ready) return 0;
  const panic = log.find(/Kernel panic - not syncing: (.*)/);
  const what = panic !== undefined ? `panicked (${panic})` : outcome.kind === 'reset' ? 'restarted' : 'ended';
  throw withLog(`The guest ${what} before the command had ended.`, GUEST_FAILED);
}
