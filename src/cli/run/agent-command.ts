// A command that the agent on an image's disk runs.

import { finished } from 'node:stream/promises';
import type { CharacterBackend } from '../../base/character-backend.ts';
import { AGENT_PORT, GuestAgent } from '../../library/agent/guest-agent.ts';
import type { CommandStreams } from './command-channel.ts';

/** Has what is written on the disk, and the file systems as clean as after an unmount: the guest is not shut down. */
const LAST_RITES = ['sh', '-c', 'sync; echo u >/proc/sysrq-trigger'];

export class AgentCommand {
  readonly channels: readonly { readonly portName: string; readonly backend: CharacterBackend }[];
  /** Called with the command's exit status. Everything it wrote has been delivered before. */
  onExit: (status: number) => void = () => {};
  /** Called when the command cannot be started. */
  onFailure: (message: string) => void = () => {};
  readonly #agent = new GuestAgent();

  constructor(command: readonly string[], { input, output, errors }: CommandStreams) {
    this.channels = [{ portName: AGENT_PORT, backend: this.#agent.backend() }];
    void this.#run(command, input, output, errors);
  }

  /** Whether the agent is there. */
  get ready(): boolean {
    return this.#agent.isThere;
  }

  async #run(
    command: readonly string[],
    input: CommandStreams['input'],
    output: CommandStreams['output'],
    errors: CommandStreams['errors'],
  ): Promise<void> {
    const process = this.#agent.spawn(command);
    process.stdout.on('data', output);
    process.stderr.on('data', errors);
    void feed(input, process.stdin);
    try {
      const status = await process.exited;
      await Promise.all([finished(process.stdout), finished(process.stderr)]);
      await this.#agent.spawn(LAST_RITES).exited;
      this.onExit(status);
    } catch (error) {
      this.onFailure((error as Error).message);
    }
  }
}

async function feed(input: CommandStreams['input'], stdin: NodeJS.WritableStream): Promise<void> {
  try {
    for await (const chunk of input ?? []) {
      if (!stdin.write(chunk)) await new Promise((resolve) => stdin.once('drain', resolve));
    }
  } catch {
    // A terminal that has hung up (EIO) or another stream that cannot be read any more has ended.
  }
  stdin.end();
}
