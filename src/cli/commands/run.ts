// `lodge run`

import { UserError } from '../../base/errors.ts';
import { OutputQueue } from '../../host/node/output-queue.ts';
import { parseArguments } from '../options/parse.ts';
import { suggest } from '../options/nearest-spelling.ts';
import { readBootSource } from '../run/boot-source.ts';
import type { Domain, DomainOptions } from '../run/domain.ts';
import { openHostResources } from '../../library/host-resources.ts';
import { runCommand } from '../run/run-command.ts';
import { RegionOutput } from '../run/region-output.ts';
import { runConsole } from '../run/run-console.ts';
import { checkStatisticsFile, writeStatisticsFile } from '../run/statistics-file.ts';
import { statusOfSignal } from '../../host/node/termination.ts';
import { Supervisor } from '../run/supervise.ts';
import { runSyntax } from './run-syntax.ts';

// Those of the board, which is not loaded for a mistake in the arguments.
export const DEVICES: readonly string[] = ['debug-exit'];

/** Runs a guest and returns the exit status. Throws a UserError. */
export async function run(args: readonly string[]): Promise<number> {
  const parsed = parseArguments(runSyntax, args);
  const { options, rest } = parsed;
  for (const name of options.device) {
    if (!DEVICES.includes(name)) {
      throw new UserError(`There is no device ${name}; ${suggest(name, DEVICES, `there is ${DEVICES.join(', ')}.`)}`);
    }
  }
  if (options.stats !== undefined) checkStatisticsFile(options.stats);
  const wanted = options['dump-region'];
  const regions = wanted === undefined ? undefined : new RegionOutput(wanted, options.engine);
  const source = await readBootSource(parsed);
  const { publish, allow } = options;
  const names = {
    disks: [...source.imageDisks, ...options.disk],
    shares: options.share,
    network: options.network ?? (publish.length + allow.length > 0 ? 'user' : source.defaultNetwork),
    publish,
    allow,
  };
  const resources = await openHostResources(names, (message) => process.stderr.write(`lodge: ${message}\n`));
  const supervisor = new Supervisor(options.timeout);
  let domain: Domain | undefined;
  const onDomain = (started: Domain): void => {
    domain = started;
  };
  // What runs the guest is loaded only now, so that a mistake in the arguments is told at once.
  const create = async (domainOptions: DomainOptions): Promise<Domain> =>
    (await import('../run/create-domain.ts')).createDomain(domainOptions);
  const context = {
    source,
    options: {
      memory: options.memory,
      engine: options.engine,
      clock: options.clock,
      devices: options.device,
      disks: resources.disks,
      shares: resources.shares,
      network: resources.network,
      countEngines: options.stats !== undefined,
      dumpRegion: regions?.request,
    },
    create,
    supervisor,
    output: new OutputQueue(process.stdout, (error) => supervisor.end(brokenOutput(error))),
  };
  try {
    return rest === undefined
      ? await runConsole(context, onDomain)
      : await runCommand(context, rest, options.verbose === true, onDomain);
  } finally {
    supervisor.dispose();
    await resources.close();
    regions?.finish();
    if (options.stats !== undefined && domain !== undefined) writeStatisticsFile(options.stats, domain.statistics());
  }
}

// Nobody reads the output any more: end as a program does that SIGPIPE ends.
function brokenOutput(error: NodeJS.ErrnoException): { status: number } | { error: UserError } {
  if (error.code === 'EPIPE' || error.code === 'EIO') return { status: statusOfSignal('SIGPIPE') };
  return {
    error: new UserError(`The output cannot be written (${error.code}); free some space, or send it elsewhere.`),
  };
}
