// The oracle: reads an instruction's meaning over bigint, at once. Its registers, flags and memory are those of a test cell,
// so that core routines act on the same state. Slow and plain; it shares with the interpreter the meanings, the decoder
// and the core, and nothing of what generates code.

import * as layout from '../../src/core/layout.ts';
import { unwound } from '../../src/cpu/vcpu.ts';
import { decodeStatus } from '../../src/translate/decoder.ts';
import { RecordWriter } from '../../src/translate/record-writer.ts';
import { OracleMachine, Raised } from './oracle-machine.ts';
import { locateOperands } from './oracle-operand.ts';
import { StateImage } from './state-image.ts';
import type { TestCell } from './test-cell.ts';

const CS = 1;
const BREAKPOINT = 3;
const RESUME_FLAG = 0x10000;
/** A free place below the CPU state for the record that core routines take the instruction's address from. */
const RECORD = 0x380;

export class Oracle extends OracleMachine {
  readonly #writer: RecordWriter;

  constructor(cell: TestCell) {
    super(cell);
    this.#writer = new RecordWriter(cell.view.buffer as ArrayBuffer);
  }

  /** Runs one instruction. */
  run(image: StateImage): StateImage {
    this.cell.load(image);
    const { instruction, codeSize } = image;
    const status = this.decoder.decode(instruction, 0, instruction.length, codeSize, true);
    if (status !== decodeStatus.ok) throw new Error(`The instruction does not decode (status ${status}).`);
    this.codeSize = codeSize;
    this.next = this.cut(image.rip + BigInt(instruction.length), codeSize);
    this.target = null;
    this.#prepareCore(image);
    const answer = new StateImage();
    try {
      const { form } = this.decoder.entry;
      if (form.attributes.has('p0') && this.view.getUint32(layout.CPL, true) !== 0) this.raise('#GP');
      form.instruction.meaning(this, ...locateOperands(this.decoder));
      this.#goOn(answer, this.target ?? this.next);
    } catch (error) {
      if (error instanceof Raised) answer.setException(error.vector, 0, 0n);
      else if (error === unwound) {
        const code = this.view.getInt32(layout.FAULT_CODE, true);
        answer.setException(
          this.view.getInt32(layout.FAULT_VECTOR, true),
          Math.max(code, 0),
          this.view.getBigUint64(layout.CR2, true),
        );
      } else throw error;
      answer.rip = image.rip;
      answer.flags = this.flags | RESUME_FLAG;
    }
    this.cell.save(answer);
    this.cell.clear(image);
    return answer;
  }

  /** INT3 stands at the next instruction, and its exception comes after it; unless nothing can be fetched there. */
  #goOn(answer: StateImage, target: bigint): void {
    answer.flags = this.flags;
    if (this.cell.core['translateFetch'](this.memory.segmented(CS, target)) !== 0) {
      answer.setException(BREAKPOINT, 0, 0n);
      answer.rip = this.cut(target + 1n, this.codeSize);
      return;
    }
    answer.setException(
      this.view.getInt32(layout.FAULT_VECTOR, true),
      this.view.getInt32(layout.FAULT_CODE, true),
      this.view.getBigUint64(layout.CR2, true),
    );
    answer.rip = target;
    answer.flags |= RESUME_FLAG;
  }

  /** What core routines expect of an instruction that runs: its record and page. */
  #prepareCore(image: StateImage): void {
    const offset = Number(image.rip & 0xfffn);
    this.#writer.write(RECORD, this.decoder, offset, this.view.getUint32(layout.MODE, true));
    this.#writer.setRemaining(RECORD, 1);
    this.view.setUint32(layout.CURRENT, RECORD, true);
    this.view.setBigUint64(layout.CODE_PAGE, image.rip - BigInt(offset), true);
    this.view.setInt32(layout.BUDGET, 1000, true);
  }
}
