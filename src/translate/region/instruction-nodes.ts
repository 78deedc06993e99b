// The nodes of an instruction as a region has them, with what is to be known of them: made once for all records alike.

import { GPR } from '../../core/layout.ts';
import { coreRoutines, type CoreRoutine } from '../../isa/core-routines.ts';
import { mayWantFloats } from '../float/float-values.ts';
import { usualCaseOf } from '../float/usual-cases.ts';
import type { HandlerVariant } from '../handler-variant.ts';
import type { Node } from '../ir.ts';
import { memorySteps, type MemoryStep } from './memory-steps.ts';
import { buildSpecific, flagEffects, type FlagEffects } from './region-ir.ts';
import type { NamedRegister } from './region-registers.ts';

/** A register that the instruction names. */
interface RegisterMention {
  readonly register: NamedRegister;
  readonly writes: boolean;
}

export interface InstructionNodes {
  readonly variant: HandlerVariant;
  readonly nodes: readonly Node[];
  readonly flags: FlagEffects;
  /** Whether the last node is a jump. */
  readonly jumps: boolean;
  /** Whether it has a store; whether it has just one, which always happens. */
  readonly stores: boolean;
  readonly storesOnce: boolean;
  readonly mentions: readonly RegisterMention[];
  readonly memory: readonly MemoryStep[];
  /** Core routines that it calls. */
  readonly routines: readonly string[];
  /** Whether it asks how MXCSR rounds. */
  readonly asksSettled: boolean;
  /** Whether some of its values may be floating-point numbers. */
  readonly mayHaveFloats: boolean;
}

/** An instruction that a region can contain, with its effect on the flags, and without. */
export class Instruction {
  readonly whole: InstructionNodes;
  readonly #immediate: number;
  #flagless: InstructionNodes | null = null;

  /** @param immediate see `buildSpecific` */
  constructor(variant: HandlerVariant, immediate: number) {
    this.whole = describe(variant, buildSpecific(variant, immediate, false));
    this.#immediate = immediate;
  }

  get flagless(): InstructionNodes {
    const { variant } = this.whole;
    return (this.#flagless ??= describe(variant, buildSpecific(variant, this.#immediate, true)));
  }
}

/** How control goes on after an instruction in a region; `out`: no region can contain the instruction. */
export type Flow = 'next' | 'branch' | 'jump' | 'call' | 'return' | 'indirect' | 'indirectCall' | 'out';

/** @param variant undefined: of a handler that stands for no instruction */
export function flowOf(variant: HandlerVariant | undefined): Flow {
  if (variant === undefined) return 'out';
  const { attributes, instruction } = variant.form;
  if (variant.environment === 'segmented' || attributes.has('transfers') || attributes.has('exits')) return 'out';
  if (!attributes.has('ends')) return 'next';
  const isCall = instruction.mnemonic === 'call';
  switch (buildSpecific(variant, 0, false).at(-1)?.operation.op) {
    case 'jumpIf':
      return 'branch';
    case 'jumpTo':
      return isCall ? 'call' : 'jump';
    case 'jump':
      if (isCall) return 'indirectCall';
      return instruction.mnemonic === 'ret' ? 'return' : 'indirect';
    default:
      return 'out';
  }
}

function describe(variant: HandlerVariant, nodes: readonly Node[]): InstructionNodes {
  const last = nodes.at(-1)?.operation.op ?? '';
  const survey = new Survey();
  survey.visit(nodes);
  return {
    variant,
    nodes,
    flags: flagEffects(nodes, (routine) => coreRoutines[routine as CoreRoutine].pure === true),
    jumps: ['jump', 'jumpTo', 'jumpIf'].includes(last),
    stores: survey.stores,
    storesOnce: nodes.filter(({ operation }) => operation.op === 'storeMachine').length === 1,
    mentions: survey.mentions,
    memory: memorySteps(nodes),
    routines: [...survey.routines],
    asksSettled: nodes.some(usualCaseOf),
    mayHaveFloats: survey.mayHaveFloats,
  };
}

/** What nodes name, in their order. */
class Survey {
  readonly mentions: RegisterMention[] = [];
  readonly routines = new Set<string>();
  stores = false;
  mayHaveFloats = false;

  visit(nodes: readonly Node[]): void {
    for (const node of nodes) {
      const { operation } = node;
      this.mayHaveFloats ||= mayWantFloats(node);
      switch (operation.op) {
        case 'readRegister':
        case 'writeRegister':
          this.#note(operation.place, operation.op === 'writeRegister');
          break;
        case 'stackOffset':
        case 'adjustStack':
          this.#note({ address: GPR + 32 }, operation.op === 'adjustStack');
          break;
        case 'offset':
          if (operation.absolute) break;
          this.#note({ field: 'base' }, false);
          this.#note({ field: 'index' }, false);
          break;
        case 'storeMachine':
          this.stores = true;
          break;
        case 'core':
          this.routines.add(operation.routine);
          break;
        case 'repeat':
          this.#repeat(operation.bulk);
          this.visit(operation.body);
          break;
        case 'if':
          this.visit(operation.then);
          this.visit(operation.otherwise);
          break;
        default:
      }
    }
  }

  #note(register: NamedRegister, writes: boolean): void {
    this.mentions.push({ register, writes });
  }

  #repeat(bulk: 'move' | 'fill' | null): void {
    for (const number of bulk === 'move' ? [1, 6, 7] : bulk === 'fill' ? [1, 7] : [1])
      this.#note({ address: GPR + 8 * number }, true);
    if (bulk === 'fill') this.#note({ address: GPR }, false);
    if (bulk !== null) this.routines.add(bulk === 'move' ? 'repeatMove' : 'repeatFill');
  }
}
