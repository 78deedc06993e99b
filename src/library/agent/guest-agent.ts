// The host's side of the agent that runs in the guest.

import type { CharacterBackend } from '../../base/character-backend.ts';
import { InputQueue } from '../../host/node/input-queue.ts';
import { encodeFrame, FRAME, FrameReader } from './agent-frame.ts';
import type { AgentFrame } from './agent-frame.ts';
import { AgentProcess } from './guest-process.ts';
import type { GuestProcess } from './guest-process.ts';

/** What the guest finds the agent's port by. */
export const AGENT_PORT = 'org.lodge.agent';

export interface GuestCommandOptions {
  /** Where the command runs. /root when absent. */
  readonly directory?: string | undefined;
  /** Variables besides, or in place of, those that root has. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

interface Request {
  readonly session: number;
  readonly run: Uint8Array;
}

/** Runs commands in a guest whose image has the agent. */
export class GuestAgent {
  readonly #processes = new Map<number, AgentProcess>();
  readonly #reader = new FrameReader((frame) => this.#take(frame));
  /** Commands that wait for the agent. */
  #requests: Request[] = [];
  /** What is to be said of them as soon as they have started. */
  readonly #early: AgentFrame[] = [];
  #queue = new InputQueue();
  #isThere = false;
  #ended: Error | undefined;
  #sessions = 0;

  /** Whether the agent has said that it is there, and nothing has happened to it since. */
  get isThere(): boolean {
    return this.#isThere;
  }

  /** The machine's side: the back end of the port named `AGENT_PORT`. */
  backend(): CharacterBackend {
    return {
      write: (bytes) => this.#receive(bytes),
      connect: (input) => {
        // A guest that has restarted has a port of its own.
        this.#forget('The guest has restarted');
        this.#queue = new InputQueue();
        this.#queue.connect(input);
      },
    };
  }

  /** Starts a command as soon as the guest's agent is there. `command` is a program and its arguments, without a shell around it. */
  spawn(command: readonly string[], options: GuestCommandOptions = {}): GuestProcess {
    this.#sessions += 1;
    const session = this.#sessions;
    const text = JSON.stringify({ command, directory: options.directory, environment: options.environment });
    const request = { session, run: new TextEncoder().encode(text) };
    // The agent hears of a command before it hears of its streams.
    if (this.#isThere) this.#start(request);
    else this.#requests.push(request);
    const process = new AgentProcess(session, (frame) => this.#send(frame));
    if (this.#ended === undefined) this.#processes.set(session, process);
    else process.fail(this.#ended);
    return process;
  }

  /** The machine has ended. */
  end(): void {
    this.#ended = new Error('The machine has ended.');
    this.#requests = [];
    for (const process of this.#processes.values()) process.fail(this.#ended);
    this.#processes.clear();
  }

  #start({ session, run }: Request): void {
    this.#queue.push(encodeFrame({ kind: FRAME.run, session, data: run }));
  }

  #send(frame: AgentFrame): void {
    if (this.#isThere) this.#queue.push(encodeFrame(frame));
    else this.#early.push(frame);
  }

  #receive(bytes: Uint8Array): void {
    try {
      this.#reader.read(bytes);
    } catch {
      // Not our agent. It can say nothing more until it starts anew.
      this.#forget('The agent of the guest talks nonsense');
    }
  }

  #take(frame: AgentFrame): void {
    if (frame.kind === FRAME.hello) {
      if (this.#isThere) this.#forget('The agent of the guest has restarted');
      this.#isThere = true;
      for (const request of this.#requests) this.#start(request);
      this.#requests = [];
      for (const early of this.#early) this.#queue.push(encodeFrame(early));
      this.#early.length = 0;
      return;
    }
    const process = this.#processes.get(frame.session);
    if (frame.kind === FRAME.exit || frame.kind === FRAME.failed) this.#processes.delete(frame.session);
    process?.take(frame);
  }

  /** Commands under way are lost; those that wait for an agent go on waiting. */
  #forget(why: string): void {
    this.#isThere = false;
    this.#reader.reset();
    const waiting = new Set(this.#requests.map(({ session }) => session));
    for (const [session, process] of this.#processes) {
      if (waiting.has(session)) continue;
      this.#processes.delete(session);
      process.fail(new Error(`${why} before the command had ended.`));
    }
  }
}
