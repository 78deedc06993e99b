// A guest with its first serial port on this terminal, or on whatever standard input and output are.

import { DisposableStore } from '../../base/disposable.ts';
import { ESCAPE_KEY_HELP } from '../../host/node/escape-keys.ts';
import type { OutputQueue } from '../../host/node/output-queue.ts';
import { windowSize } from '../../host/node/window-size.ts';
import type { BootSource } from './boot-source.ts';
import type { Domain, DomainOptions } from './domain.ts';
import { withTerminal } from './guest-files.ts';
import { guestFailure } from './report.ts';
import { StandardConsole } from './standard-streams.ts';
import type { Supervisor } from './supervise.ts';
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
  const { source, options, supervisor, output } = context;
  for (;;) {
    const resources = new DisposableStore();
    try {
      const port = resources.add(
        new StandardConsole({
          output,
          onRequest: (request) => {
            if (request === 'end') supervisor.end({ status: 0 });
            else if (request === 'break') port.sendBreak();
            else process.stderr.write(HELP);
          },
          holdPipedInput: source.isImage,
          sendEndOfInput: source.isImage,
        }),
      );
      const window = source.isImage ? resources.add(new WindowChannel(() => port.release())) : undefined;
      const initrd =
        source.isImage && source.initrd !== undefined
          ? withTerminal(source.initrd, process.stdin.isTTY ? process.env['TERM'] : undefined, windowSize())
          : source.initrd;
      const domain = await context.create({ ...options, ...source, initrd, serial: [port, window?.port] });
      onDomain(domain);
      const ending = await supervisor.run(domain);
      output.flush();
      if ('status' in ending) return ending.status;
      if ('error' in ending) throw ending.error;
      const { outcome } = ending;
      const failure = guestFailure(outcome);
      if (failure !== undefined) throw failure;
      if (outcome.kind === 'exit') return outcome.status;
      if (outcome.kind !== 'reset') return 0;
    } finally {
      resources.dispose();
    }
  }
}
