import { EventEmitter } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { Domain } from '../machine/domain.ts';
import type { Outcome } from '../machine/outcome.ts';
import type { Statistics } from '../machine/statistics.ts';
import { copyIn, copyOut } from './agent/copy.ts';
import { AGENT_PORT, GuestAgent } from './agent/guest-agent.ts';
import type { GuestCommandOptions } from './agent/guest-agent.ts';
import type { GuestProcess } from './agent/guest-process.ts';
import { openHostResources } from './host-resources.ts';
import type { HostResources } from './host-resources.ts';
import { loadEngine } from './load-engine.ts';
import type { MachineOptions } from './machine-options.ts';
import { resolveOptions } from './resolve-options.ts';
import { SerialPortStream } from './serial-port-stream.ts';
import type { SerialPort } from './serial-port.ts';

export type MachineState = 'created' | 'running' | 'paused' | 'ended';

export interface GuestExecOptions extends GuestCommandOptions {
  /** What the command reads from standard input. Nothing when absent. */
  readonly input?: string | Uint8Array | undefined;
}

/** What a command in a guest left. */
export interface GuestResult {
  /** As a shell gives it: 128 + n for signal n. */
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** The events of a machine, with what their listeners get. */
export interface MachineEvents {
  /** The guest has ended. Comes once, and not when the machine could not be started. */
  end: [outcome: Outcome];
  pause: [];
  resume: [];
}

/**
 * A virtual machine in this process. It runs in the calling thread, in turns of about 8 milliseconds between which the
 * process's other tasks run.
 */
export class Machine extends EventEmitter<MachineEvents> {
  /** COM1 to COM4. */
  readonly serials: readonly [SerialPort, SerialPort, SerialPort, SerialPort];
  /**
   * Why the machine ended. Rejects when it could not be started, as `start` does, and with a UserError when something that the
   * guest wrote to a disk could not be kept.
   */
  readonly ended: Promise<Outcome>;
  readonly #options: MachineOptions;
  readonly #ports: readonly SerialPortStream[];
  /** What keeps the guest from running: the user's pause, and ports whose readers lag behind. */
  readonly #holds = new Set<string>();
  readonly #agent = new GuestAgent();
  #resources: HostResources | undefined;
  /** `stop` was called while the machine was starting. */
  #stopped = false;
  #state: MachineState = 'created';
  #domain: Domain | undefined;
  #resolveEnded!: (outcome: Outcome) => void;
  #rejectEnded!: (error: unknown) => void;

  /** Looks at nothing yet: `start` tells what is wrong with the options. */
  constructor(options: MachineOptions) {
    super();
    this.#options = options;
    const port = (index: number): SerialPortStream =>
      new SerialPortStream((full) => this.#hold(`serial${index}`, full));
    const serials = [port(0), port(1), port(2), port(3)] as const;
    this.serials = serials;
    this.#ports = serials;
    this.ended = new Promise((resolve, reject) => {
      this.#resolveEnded = resolve;
      this.#rejectEnded = reject;
    });
  }

  /** COM1, where a kernel with console=ttyS0 has its console. */
  get serial(): SerialPort {
    return this.serials[0];
  }

  get state(): MachineState {
    return this.#state;
  }

  /**
   * Reads the files and boots the guest, whose first instruction runs in a later turn of the event loop. May be called
   * once. Rejects with a UserError when the guest cannot be booted as asked; the machine has ended then.
   */
  async start(): Promise<void> {
    if (this.#state !== 'created') {
      throw new Error(
        this.#state === 'ended'
          ? 'The machine has ended and cannot be started again; make another.'
          : 'The machine is started already.',
      );
    }
    this.#state = 'running';
    try {
      const { disks = [], shares = [], publish = [], allow = [] } = this.#options;
      const network = this.#options.network ?? (publish.length + allow.length > 0 ? 'user' : 'none');
      const options = resolveOptions(this.#options);
      this.#resources = await openHostResources({ disks, shares, network, publish, allow }, (message) =>
        process.emitWarning(message),
      );
      this.#domain = new Domain({
        ...options,
        disks: this.#resources.disks,
        shares: this.#resources.shares,
        network: this.#resources.network,
        channels: this.#options.agent === true ? [{ portName: AGENT_PORT, backend: this.#agent.backend() }] : [],
        engine: loadEngine(),
        serial: this.#ports.map((port) => port.backend()),
      });
    } catch (error) {
      // Whoever awaits `start` has been told; nobody need await `ended` as well.
      this.ended.catch(() => {});
      this.#close();
      await this.#resources?.close();
      this.#rejectEnded(error);
      throw error;
    }
    if (this.#holds.size > 0) this.#domain.pause();
    if (this.#stopped) this.#domain.stop();
    setImmediate((domain: Domain) => void this.#run(domain), this.#domain);
  }

  /**
   * Stops the guest, and its clock, until `resume`: when this returns, no more of its instructions run. Does nothing when
   * it is paused already or has ended, which a guest may do at any time. Throws before the start.
   */
  pause(): void {
    this.#mustBeStarted('pause');
    if (this.#state !== 'running') return;
    this.#state = 'paused';
    this.#hold('pause', true);
    this.emit('pause');
  }

  /** Lets a paused guest go on. Does nothing when it runs or has ended. Throws before the start. */
  resume(): void {
    this.#mustBeStarted('resume');
    if (this.#state !== 'paused') return;
    this.#state = 'running';
    this.#hold('pause', false);
    this.emit('resume');
  }

  /**
   * Ends the machine as pulling the plug would, soon: wait for `ended`. Stopping one that has ended does nothing; one that
   * was never started ends without having run.
   */
  stop(): void {
    this.#stopped = true;
    if (this.#state === 'created') void this.#end({ kind: 'stopped' });
    else this.#domain?.stop();
  }

  /**
   * Starts a command in the guest, as root, as soon as its agent is there. `command` is a program and its arguments, without a
   * shell around it. Throws when the machine was not made with `agent`.
   */
  spawn(command: readonly string[], options: GuestCommandOptions = {}): GuestProcess {
    if (this.#options.agent !== true) throw new Error('Make the machine with { agent: true } to run commands in it.');
    return this.#agent.spawn(command, options);
  }

  /**
   * Runs a command in the guest to its end and gives its status and what it wrote, which has to fit in memory. Rejects when
   * it cannot be started, or the guest ends before it.
   */
  async exec(command: readonly string[], options: GuestExecOptions = {}): Promise<GuestResult> {
    const process = this.spawn(command, options);
    process.stdin.end(options.input);
    const [status, stdout, stderr] = await Promise.all([
      process.exited,
      buffer(process.stdout),
      buffer(process.stderr),
    ]);
    return { status, stdout, stderr };
  }

  /**
   * Copies a file or directory of the host into the guest, where it becomes `to`, an absolute path; directories above it are
   * made. Rejects when it cannot be read, or not be written there.
   */
  copyIn(from: string, to: string): Promise<void> {
    return copyIn(this, from, to);
  }

  /**
   * Copies a file or directory of the guest to the host, where it becomes `to`, which is replaced if it is a file. Nothing is
   * written anywhere else, whatever the guest sends. Rejects when it is not there, or cannot be written.
   */
  copyOut(from: string, to: string): Promise<void> {
    return copyOut(this, from, to);
  }

  /** What the run has counted so far. Works after the end too, but not before the start. */
  statistics(): Statistics {
    if (this.#domain === undefined) throw new Error('There are no statistics of a machine that has not been started.');
    return this.#domain.statistics();
  }

  async #run(domain: Domain): Promise<void> {
    let outcome: Outcome;
    try {
      outcome = await domain.run();
    } catch (error) {
      // A mistake in Lodge. Unless somebody awaits `ended`, it ends the process, as other uncaught mistakes do.
      this.#close();
      await this.#resources?.close().catch(() => {});
      this.#rejectEnded(error);
      return;
    }
    await this.#end(outcome);
  }

  async #end(outcome: Outcome): Promise<void> {
    this.#close();
    try {
      await this.#resources?.close();
    } catch (error) {
      this.#rejectEnded(error);
      return;
    }
    this.#resolveEnded(outcome);
    this.emit('end', outcome);
  }

  #close(): void {
    this.#state = 'ended';
    this.#agent.end();
    for (const port of this.#ports) port.finish();
  }

  #mustBeStarted(verb: string): void {
    if (this.#state === 'created') throw new Error(`There is nothing to ${verb}: the machine has not been started.`);
  }

  #hold(reason: string, held: boolean): void {
    const before = this.#holds.size > 0;
    if (held) this.#holds.add(reason);
    else this.#holds.delete(reason);
    const after = this.#holds.size > 0;
    if (before === after) return;
    if (after) this.#domain?.pause();
    else this.#domain?.resume();
  }
}
