// One command in a guest, with its streams and its exit status made those of this process.

import { UserError } from '../../base/errors.ts';
import { OutputQueue } from '../../host/node/output-queue.ts';
import type { CharacterBackend } from '../../base/character-backend.ts';
import { AgentCommand } from './agent-command.ts';
import { CommandChannel } from './command-channel.ts';
import type { CommandStreams } from './command-channel.ts';
import { ConsoleLog } from './console-log.ts';
import type { Domain, DomainOptions } from './domain.ts';
import { withCommand } from './guest-files.ts';
import { guestFailure, GUEST_FAILED } from './report.ts';
import type { RunContext } from './run-console.ts';
import { hasStandardInput } from './standard-streams.ts';

const SHOWN_LINES = 12;
/** What a shell gives for a command that there is not. */
const NOT_FOUND = 127;

/** How a command gets into an image, and what it says out of it. */
interface Channel {
  onExit: (status: number) => void;
  onFailure: (message: string) => void;
  /** Whether the guest is so far that what it does is the command's doing. */
  readonly ready: boolean;
  /** Back ends of the serial ports behind the console. */
  readonly ports: readonly CharacterBackend[];
  readonly channels: NonNullable<DomainOptions['channels']>;
  /** The initial ramdisk for the command. */
  initrd(image: Uint8Array): Uint8Array;
}

function serialChannel(command: readonly string[], streams: CommandStreams, hasInput: boolean): Channel {
  const channel = new CommandChannel(streams);
  return Object.assign(channel, {
    onFailure: () => {},
    channels: [],
    initrd: (image: Uint8Array) => withCommand(image, command, hasInput),
  });
}

function agentChannel(command: readonly string[], streams: CommandStreams): Channel {
  const channel = new AgentCommand(command, streams);
  return Object.assign(channel, { ports: [], initrd: (image: Uint8Array) => image });
}

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
  const streams: CommandStreams = {
    input: hasInput ? process.stdin : undefined,
    output: (bytes) => output.write(bytes),
    errors: (bytes) => errors.write(bytes),
  };
  const channel = source.kind === 'disk' ? agentChannel(command, streams) : serialChannel(command, streams, hasInput);
  channel.onExit = (status) => supervisor.end({ status });
  channel.onFailure = (message) => supervisor.end({ error: new UserError(message, { status: NOT_FOUND }) });
  const log = new ConsoleLog(verbose ? (bytes) => errors.write(bytes) : undefined);
  const domain = await context.create({
    ...options,
    ...source,
    initrd: channel.initrd(source.initrd ?? new Uint8Array(0)),
    // A kernel that panics restarts instead of waiting for somebody to read the message: the domain ends then.
    append: `${source.append} panic=-1${verbose ? '' : ' quiet'}`,
    serial: [log, ...channel.ports],
    channels: channel.channels,
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
