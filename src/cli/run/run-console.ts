// A guest with its first serial port on this terminal, or on whatever standard input and output are.

import { ESCAPE_KEY_HELP } from '../../host/node/escape-keys.ts';
import type { OutputQueue } from '../../host/node/output-queue.ts';
import { windowSize } from '../../host/node/window-size.ts';
import type { BootSource } from './boot-source.ts';
import type { Domain, DomainOptions } from './domain.ts';
import { withTerminal } from './guest-files.ts';
import { guestFailure } from './report.ts';
import { StandardConsole } from './standard-streams.ts';
import type { Ending, Supervisor } from './supervise.ts';
import { WindowChannel } from './window-channel.ts';

const HELP = ['', ...ESCAPE_KEY_HELP, ''].join('\r\n');

/** What the two ways of running a guest share. */
export interface RunContext {
  readonly source: BootSource;
  readonly options: Omit<DomainOptions, 'kernel' | 'initrd' | 'append' | 'modules' | 'serial'>;
  readonly create: (options: DomainOptions) => Promise<Domain>;
  readonly supervisor: Supervisor;
  readonly output: OutputQueue;
}

/** Runs the guest, again after each restart that it asks for, and returns the exit status. Throws a UserError. */
export async function runConsole(context: RunContext, onDomain: (domain: Domain) => void): Promise<number> {
  const { source, supervisor, output } = context;
  const port = new StandardConsole({
    output,
    onRequest: (request) => {
      if (request === 'end') supervisor.end({ status: 0 });
      else if (request === 'break') port.sendBreak();
      else process.stderr.write(HELP);
    },
    sendEndOfInput: source.kind === 'ramdisk',
  });
  try {
    for (;;) {
      const ending = await runOnce(context, port, onDomain);
      output.flush();
      if ('status' in ending) return ending.status;
      if ('error' in ending) throw ending.error;
      const { outcome } = ending;
      const failure = guestFailure(outcome);
      if (failure !== undefined) throw failure;
      if (outcome.kind === 'exit') return outcome.status;
      if (outcome.kind !== 'reset') return 0;
      // A guest that restarts at once would otherwise keep timers and signals from ever being seen.
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    output.flush();
    port.dispose();
  }
}

async function runOnce(
  { source, options, supervisor, create }: RunContext,
  port: StandardConsole,
  onDomain: (domain: Domain) => void,
): Promise<Ending> {
  if (source.kind !== 'ramdisk' || source.initrd === undefined) {
    const domain = await create({ ...options, ...source, serial: [port] });
    onDomain(domain);
    return supervisor.run(domain);
  }
  port.hold();
  const window = new WindowChannel(() => port.release());
  try {
    const terminal = process.stdin.isTTY ? process.env['TERM'] : undefined;
    const initrd = withTerminal(source.initrd, terminal, windowSize());
    const domain = await create({ ...options, ...source, initrd, serial: [port, window.port] });
    onDomain(domain);
    return await supervisor.run(domain);
  } finally {
    window.dispose();
  }
}
