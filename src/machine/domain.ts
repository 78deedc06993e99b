// A domain: one virtual machine's memory, processor and board, composed, and the loop that runs them.

import type { BlockBackend } from '../base/block-backend.ts';
import type { CharacterBackend } from '../base/character-backend.ts';
import type { BootModule } from '../boot/boot-plan.ts';
import { planBoot } from '../boot/plan-boot.ts';
import {
  COUNT_EXCEPTIONS,
  COUNT_INTERRUPTS,
  COUNT_MMIO,
  COUNT_PAGE_FAULTS,
  COUNT_PORT_IO,
  COUNT_TLB_FILLS,
  FRAMES_USED,
  HOT_MASK,
  INTERRUPT_PENDING,
  NMI_PENDING,
  RFLAGS,
  TSC_OFFSET,
} from '../core/layout.ts';
import { Vcpu } from '../cpu/vcpu.ts';
import { buildAcpiTables } from '../devices/acpi/tables/acpi-tables.ts';
import { Translator, type InterpreterExports } from '../translate/region/translator.ts';
import type { RegionDump } from '../translate/region/dump-region.ts';
import { translationThresholds, type EngineName } from './engine-name.ts';
import { Cell } from '../memory/cell.ts';
import { pcMemoryAreas } from '../memory/physical-map.ts';
import { HostClock, InstructionClock, type DomainClock } from './clocks.ts';
import { coreServices } from './core-services.ts';
import type { EngineModules } from './engine-modules.ts';
import { HostTasks } from './host-tasks.ts';
import type { Outcome } from './outcome.ts';
import { PcBoard, type BoardChannel, type BoardNetwork, type BoardShare } from './pc-board.ts';
import { describeProcessor, loadProcessorState } from './processor-state.ts';
import { hostRandomWord, repeatableRandomWords } from './random-source.ts';
import type { Statistics } from './statistics.ts';

export interface DomainOptions {
  readonly engine: EngineModules;
  /** Which code is translated; `interpreter` unless told. */
  readonly execution?: EngineName;
  /** Guest memory in bytes. */
  readonly memory: number;
  readonly kernel: Uint8Array;
  readonly initrd?: Uint8Array | undefined;
  readonly append?: string | undefined;
  readonly modules?: readonly BootModule[];
  readonly clock?: 'host' | 'instructions';
  readonly devices?: readonly string[];
  /** Disks on the PCI bus, in the order of their slots. Whoever opened them closes them after the run. */
  readonly disks?: readonly BlockBackend[];
  /** Directories of the host. Whoever opened them closes them after the run. */
  readonly shares?: readonly BoardShare[];
  readonly channels?: readonly BoardChannel[];
  /** Whoever opened its cable closes it after the run. */
  readonly network?: BoardNetwork | undefined;
  readonly serial?: readonly (CharacterBackend | undefined)[];
  /** Whether the statistics tell how many instructions retire in translated code, which costs a little time. */
  readonly countEngines?: boolean;
  /** A region to be shown. */
  readonly dumpRegion?: RegionDump | undefined;
}

/** The run loop gives way to the host's other tasks after so many milliseconds. */
const TURN_MILLISECONDS = 8;
/** RAM below 4 GiB ends here at the latest. */
const LOW_MEMORY_LIMIT = 3 * 2 ** 30;
const LONGEST_SLICE = 4_000_000;
/** HOT_MASK of a machine that translates nothing. */
const NEVER_HOT = 0xffff_ffff;
/** RFLAGS.IF. */
const INTERRUPT_FLAG = 0x200;

export class Domain {
  readonly clock: DomainClock;
  readonly board: PcBoard;
  readonly cell: Cell;
  readonly vcpu: Vcpu;
  readonly #view: DataView;
  #outcome: Outcome | null = null;
  #running = false;
  #paused = false;
  /** HLT was executed and nothing has ended it yet. */
  #halted = false;
  #wake: (() => void) | null = null;
  readonly #startedAt = performance.now();

  /** @throws UserError when the kernel cannot be booted as asked, or a device has no such name */
  constructor(options: DomainOptions) {
    const { engine } = options;
    const randomWord = options.clock === 'instructions' ? repeatableRandomWords() : hostRandomWord;
    const imports = coreServices(this, randomWord, () => this.#interruptChanged());
    this.cell = new Cell({ core: engine.core, imports, areas: pcMemoryAreas(options.memory) });
    const { memory, core, exports } = this.cell;
    this.#view = new DataView(memory.buffer);
    const interpreter = new WebAssembly.Instance(engine.interpreter, { env: { memory }, core: exports });
    const { exports: engineExports } = interpreter;
    const thresholds = translationThresholds[options.execution ?? 'interpreter'];
    this.#view.setUint32(HOT_MASK, NEVER_HOT, true);
    const translator =
      thresholds === null
        ? null
        : new Translator(memory, exports, engineExports as InterpreterExports, thresholds, {
            countRetired: options.countEngines ?? false,
            dump: options.dumpRegion,
            compiler: engine.compiler,
          });
    this.vcpu = new Vcpu(memory, core, engineExports['run'] as () => number, translator);
    this.clock = options.clock === 'instructions' ? new InstructionClock(() => this.vcpu.retired) : new HostClock();
    this.board = new PcBoard({
      clock: this.clock,
      memory: this.cell.guestMemory,
      power: {
        shutdown: () => this.#end({ kind: 'poweroff' }),
        reset: () => this.#end({ kind: 'reset' }),
        exit: (status) => this.#end({ kind: 'exit', status }),
      },
      characterBackends: Object.fromEntries(
        (options.serial ?? []).flatMap((backend, index) => (backend ? [[`serial${index}`, backend]] : [])),
      ),
      signals: {
        interruptChanged: () => this.#interruptChanged(),
        nonMaskableInterrupt: () => {
          this.#view.setUint32(NMI_PENDING, 1, true);
          core.requestBoundary();
        },
        systemManagementInterrupt: () => {},
        init: () => this.#end({ kind: 'reset' }),
        startup: () => {},
      },
      tsc: {
        tscAt: (nanoseconds) => BigInt.asUintN(64, BigInt(Math.floor(nanoseconds)) + this.#tscOffset()),
        timeOfTsc: (tsc) => Number(BigInt.asIntN(64, tsc - this.#tscOffset())),
      },
      memoryBytes: options.memory,
      extraDevices: options.devices ?? [],
      randomWord,
      disks: options.disks ?? [],
      shares: options.shares ?? [],
      network: options.network,
      channels: options.channels ?? [],
    });
    // A timer armed for sooner than the end of the slice ends the slice; one that input arms, such as the timeout of a
    // serial port's FIFO, ends the wait of an idle guest.
    this.board.events.onSooner(() => {
      core.endSlice();
      this.#wake?.();
    });
    this.#load(options);
  }

  #load(options: DomainOptions): void {
    const acpi = buildAcpiTables({
      processors: 1,
      memoryTop: Math.min(options.memory, LOW_MEMORY_LIMIT),
      serialPorts: 4,
    });
    const plan = planBoot({
      kernel: options.kernel,
      memoryBytes: options.memory,
      ...(options.initrd ? { initrd: options.initrd } : {}),
      append: options.append ?? '',
      modules: options.modules ?? [],
      rsdpAddress: acpi.rootPointer,
    });
    for (const { address, bytes } of [{ address: acpi.address, bytes: acpi.bytes }, ...plan.placements])
      this.cell.guestMemory.writeBytes(address, bytes);
    loadProcessorState(this.cell.memory, plan.cpu);
    this.cell.core.updateMode();
  }

  #tscOffset(): bigint {
    return this.#view.getBigInt64(TSC_OFFSET, true);
  }

  #interruptChanged(): void {
    if (this.board.apic.pendingVector() >= 0) {
      this.cell.core.requestInterrupt();
      this.#wake?.();
    } else this.#view.setUint32(INTERRUPT_PENDING, 0, true);
  }

  #end(outcome: Outcome): void {
    this.#outcome ??= outcome;
    this.cell.core.endSlice();
    this.#wake?.();
  }

  /** Runs the guest until it ends. May be called once. */
  async run(): Promise<Outcome> {
    if (this.#running) throw new Error('The domain runs already.');
    this.#running = true;
    const tasks = new HostTasks();
    this.#wake = () => tasks.wake();
    try {
      while (this.#outcome === null) {
        const wait = this.#paused ? Infinity : this.#turn();
        if (this.#outcome !== null) break;
        await tasks.giveWay(wait);
      }
      return this.#outcome;
    } finally {
      this.#wake = null;
      tasks.dispose();
    }
  }

  /** Ends the guest soon; `run` resolves then. */
  stop(): void {
    this.#end({ kind: 'stopped' });
  }

  pause(): void {
    this.#paused = true;
    this.clock.pause();
    this.cell.core.endSlice();
  }

  resume(): void {
    this.#paused = false;
    this.clock.resume();
    this.#wake?.();
  }

  /** Runs slices for some milliseconds, or until the processor is halted. Gives the milliseconds to wait before the next turn. */
  #turn(): number {
    const { board, clock, vcpu } = this;
    const end = performance.now() + TURN_MILLISECONDS;
    while (this.#outcome === null && !this.#paused) {
      board.events.runDue(clock.now());
      if (this.#halted && !this.#canWake()) {
        const wait = clock.idle(board.events.nextDeadline());
        if (wait > 0 || performance.now() >= end) return wait;
        continue;
      }
      this.#halted = false;
      const before = vcpu.retired;
      const stop = vcpu.run(clock.budgetUntil(board.events.nextDeadline(), LONGEST_SLICE));
      const { retired } = vcpu;
      clock.afterSlice(retired, retired - before);
      if (this.#outcome !== null) return 0;
      if (stop === 'shutdown') this.#end({ kind: 'triple-fault', state: this.describe() });
      else if (stop === 'halt') {
        this.#halted = true;
        if (!this.#interruptsEnabled()) this.#end({ kind: 'halted', state: this.describe() });
      }
      if (performance.now() >= end) return 0;
    }
    return 0;
  }

  #interruptsEnabled(): boolean {
    return (this.#view.getUint32(RFLAGS, true) & INTERRUPT_FLAG) !== 0 || this.#view.getUint32(NMI_PENDING, true) !== 0;
  }

  #canWake(): boolean {
    return (
      this.#interruptsEnabled() &&
      (this.board.apic.pendingVector() >= 0 || this.#view.getUint32(NMI_PENDING, true) !== 0)
    );
  }

  /** The registers, for a person. */
  describe(): string {
    return describeProcessor(this.cell.memory, this.cell.core.getFlags() >>> 0);
  }

  /** Figures for `--stats`. Times in nanoseconds. */
  statistics(): Statistics {
    const count = (address: number): number => Number(this.#view.getBigUint64(address, true));
    const { translator } = this.vcpu;
    return {
      ...(translator ? { translation: translationStatistics(translator) } : {}),
      wallTime: Math.round((performance.now() - this.#startedAt) * 1e6),
      virtualTime: Math.round(this.clock.now()),
      instructions: this.vcpu.retired,
      interrupts: count(COUNT_INTERRUPTS),
      exceptions: count(COUNT_EXCEPTIONS),
      pageFaults: count(COUNT_PAGE_FAULTS),
      exits: this.vcpu.exits.byName(),
      tlbFills: count(COUNT_TLB_FILLS),
      mmio: count(COUNT_MMIO),
      portIo: count(COUNT_PORT_IO),
      blocksDecoded: this.vcpu.decoder.blocks,
      instructionsDecoded: this.vcpu.decoder.instructions,
      framesUsed: this.#view.getUint32(FRAMES_USED, true),
    };
  }
}

function translationStatistics({ statistics, retired }: Translator): NonNullable<Statistics['translation']> {
  return { ...statistics, ...(retired === undefined ? {} : { inRegions: retired }) };
}
