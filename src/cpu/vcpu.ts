// A virtual processor: runs guest instructions in machine memory until something needs the monitor.

import {
  BUDGET,
  DECODE_ADDRESS,
  DECODE_MODE,
  EXIT_BUDGET,
  EXIT_DECODE,
  EXIT_HALT,
  EXIT_REASON,
  EXIT_REQUEST,
  EXIT_RESUME,
  EXIT_SHUTDOWN,
  RETIRED,
  SLICE,
  SLICE_LEFT,
} from '../core/layout.ts';
import { BlockDecoder, type CodeCache } from '../translate/block-decoder.ts';
import type { Translator } from '../translate/region/translator.ts';
import { ExitCounts } from './exits.ts';

/** Thrown by the core's `unwind`: a core routine raised an exception for the guest. */
export const unwound: object = Object.freeze({ reason: 'a core routine raised an exception' });

/** What the run loop needs of the core. */
export interface CoreForVcpu extends CodeCache {
  /** Delivers the exception that a core routine raised for the running instruction. */
  deliverCurrent(): void;
  /** Delivers the exception noted in the CPU state, at an instruction boundary. */
  deliverHere(): void;
}

/** Why `run` came back. */
export type Stop = 'budget' | 'halt' | 'shutdown' | 'request';

const stops: Record<number, Stop> = {
  [EXIT_BUDGET]: 'budget',
  [EXIT_HALT]: 'halt',
  [EXIT_SHUTDOWN]: 'shutdown',
  [EXIT_REQUEST]: 'request',
};

export class Vcpu {
  readonly exits = new ExitCounts();
  readonly decoder: BlockDecoder;
  readonly #view: DataView;
  readonly #core: CoreForVcpu;
  readonly #run: () => number;
  readonly translator: Translator | null;

  /**
   * @param memory machine memory, which holds the vCPU's state
   * @param run the interpreter module's `run`
   * @param translator translates what runs often; null: everything is interpreted
   */
  constructor(memory: WebAssembly.Memory, core: CoreForVcpu, run: () => number, translator: Translator | null) {
    this.translator = translator;
    this.#view = new DataView(memory.buffer);
    this.#core = core;
    this.#run = run;
    this.decoder = new BlockDecoder(memory.buffer, {
      noteCode: (block) => core.noteCode(block),
      nextCodePage: () => core.nextCodePage(),
      dropAllCode: () => {
        core.dropAllCode();
        translator?.forget();
      },
    });
  }

  /** Instructions retired since power-on. Exact between runs, and inside one as of the last block entered. */
  get retired(): number {
    const view = this.#view;
    const inSlice = view.getInt32(SLICE, true) - view.getInt32(BUDGET, true) - view.getInt32(SLICE_LEFT, true);
    return view.getUint32(RETIRED, true) + view.getUint32(RETIRED + 4, true) * 2 ** 32 + inSlice;
  }

  /**
   * Runs at most `budget` instructions (1 to 2^31 - 1), less if a whole block would not fit.
   * @returns why it stopped; `budget` also when no instruction ran because the next block has more than `budget`
   */
  run(budget: number): Stop {
    const view = this.#view;
    view.setInt32(BUDGET, budget, true);
    view.setInt32(SLICE_LEFT, 0, true);
    view.setInt32(SLICE, budget, true);
    try {
      for (;;) {
        const reason = this.#enter();
        this.exits.count(reason);
        const stop = stops[reason];
        if (stop !== undefined) return stop;
        if (reason === EXIT_DECODE) this.#decode();
      }
    } finally {
      const retired = this.retired;
      view.setUint32(RETIRED, retired % 2 ** 32, true);
      view.setUint32(RETIRED + 4, Math.floor(retired / 2 ** 32), true);
      view.setInt32(SLICE, 0, true);
      view.setInt32(BUDGET, 0, true);
      view.setInt32(SLICE_LEFT, 0, true);
      this.translator?.translateHot();
    }
  }

  #enter(): number {
    try {
      return this.#run();
    } catch (error) {
      if (error !== unwound) throw error;
      return this.#afterUnwinding(() => this.#core.deliverCurrent());
    }
  }

  /** Delivers an exception; the delivery may itself fault, which the core counts towards a double or triple fault. */
  #afterUnwinding(deliver: () => void): number {
    const view = this.#view;
    this.exits.countFault();
    for (let attempt = 0; attempt < 8; attempt++) {
      view.setInt32(EXIT_REASON, EXIT_RESUME, true);
      try {
        deliver();
        return view.getInt32(EXIT_REASON, true) === EXIT_SHUTDOWN ? EXIT_SHUTDOWN : EXIT_RESUME;
      } catch (error) {
        if (error !== unwound) throw error;
        deliver = () => this.#core.deliverCurrent();
      }
    }
    throw new Error('The core kept faulting while it delivered an exception; it should have shut the vCPU down.');
  }

  #decode(): void {
    const view = this.#view;
    if (this.decoder.decode(view.getUint32(DECODE_ADDRESS, true), view.getUint32(DECODE_MODE, true))) return;
    this.#afterUnwinding(() => this.#core.deliverHere());
  }
}
