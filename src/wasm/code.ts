import { ByteWriter } from './byte-writer.ts';
import { methodName, operators } from './operators.ts';
import type { ImmediateKind, OperatorMethods } from './operators.ts';
import { valueTypeByte } from './value-type.ts';
import type { BlockType, ReferenceType, ValueType } from './value-type.ts';

/** The methods that write operators come from the table in `operators.ts` and are installed below. */
// oxlint-disable-next-line no-unsafe-declaration-merging -- every method of the mapped type is installed from the table
export interface Code extends OperatorMethods {}

/**
 * The body of one function while it is written. Nothing is checked here: `new WebAssembly.Module` validates.
 * The closing `end` of the body is written by `writeTo`.
 */
// oxlint-disable-next-line no-unsafe-declaration-merging -- see above
export class Code {
  readonly writer: ByteWriter;
  readonly #localTypes: ValueType[] = [];
  /** The locals as a body begins with them, once they were wanted. */
  #encodedLocals: ByteWriter | null = null;
  readonly #parameters: number;
  /** Where `expect` was called, twice the offset, plus 1 when the condition mostly holds. */
  readonly #expectations: number[] = [];
  #openBlocks = 0;
  /** Locals that serve again, and those of the part that is being emitted; null outside of such a part. */
  readonly #free: number[] = [];
  #taken: number[] | null = null;

  /**
   * @param parameters number of parameters of the function, which are its first locals
   * @param capacity bytes to allocate at first
   */
  constructor(parameters: number, capacity = 256) {
    this.#parameters = parameters;
    this.writer = new ByteWriter(capacity);
  }

  /** Bytes of instructions so far. */
  get length(): number {
    return this.writer.length;
  }

  /**
   * The number of blocks, loops and ifs that are open. Taken right after opening one, it is that construct's label:
   * `code.br(code.depthOf(label))` branches to it from anywhere inside.
   */
  get openBlocks(): number {
    return this.#openBlocks;
  }

  /** The relative depth of a label taken from `openBlocks`, as `br`, `brIf` and `brTable` want it. */
  depthOf(label: number): number {
    return this.#openBlocks - label;
  }

  /** Says of the `br_if` or `if` that is written next whether its condition mostly holds. */
  expect(isTaken: boolean): void {
    this.#expectations.push(2 * this.writer.length + (isTaken ? 1 : 0));
  }

  /** Adds a local of a type, zero at entry, and returns its index for `localGet`, `localSet` and `localTee`. */
  addLocal(type: ValueType): number {
    const free = this.#free.findIndex((local) => this.#localTypes[local - this.#parameters] === type);
    const local = free >= 0 ? this.#free.splice(free, 1)[0]! : this.#newLocal(type);
    this.#taken?.push(local);
    return local;
  }

  /** Emits a part of the body whose locals serve again behind it: there they are not zero at first. */
  withOwnLocals(emit: () => void): void {
    const outer = this.#taken;
    this.#taken = [];
    emit();
    this.#free.push(...this.#taken);
    this.#taken = outer;
  }

  #newLocal(type: ValueType): number {
    this.#encodedLocals = null;
    return this.#parameters + this.#localTypes.push(type) - 1;
  }

  /** Appends the whole body as the code section wants it: its size, its locals, its instructions, `end`. */
  writeTo(output: ByteWriter): void {
    const mark = output.beginSized();
    output.bytes(this.#locals().view());
    output.bytes(this.writer.view());
    output.byte(0x0b);
    output.endSized(mark);
  }

  /** True when `expect` was called. */
  get hasExpectations(): boolean {
    return this.#expectations.length > 0;
  }

  /** Appends what `expect` said as the branch-hint section wants it: offsets count from the start of the locals. */
  writeExpectationsTo(output: ByteWriter): void {
    const start = this.#locals().length;
    output.unsigned(this.#expectations.length);
    for (let index = 0; index < this.#expectations.length; index++) {
      const expectation = this.#expectations[index]!;
      output.unsigned(start + (expectation >> 1));
      output.unsigned(1);
      output.byte(expectation & 1);
    }
  }

  #locals(): ByteWriter {
    return (this.#encodedLocals ??= this.#encodeLocals());
  }

  #encodeLocals(): ByteWriter {
    const output = new ByteWriter(32);
    const types = this.#localTypes;
    let groups = 0;
    for (let index = 0; index < types.length; index++) if (types[index] !== types[index - 1]) groups++;
    output.unsigned(groups);
    for (let start = 0, end = 0; start < types.length; start = end) {
      const type = types[start]!;
      while (types[end] === type) end++;
      output.unsigned(end - start);
      output.byte(valueTypeByte[type]);
    }
    return output;
  }

  /** @internal Opens or closes one level of blocks. */
  nest(change: 1 | -1): void {
    this.#openBlocks += change;
  }
}

type Emit = (this: Code, ...immediates: never[]) => void;

function writeOpcode(writer: ByteWriter, opcode: number): void {
  if (opcode < 0x100) writer.byte(opcode);
  else {
    writer.byte(opcode >> 12);
    writer.unsigned(opcode & 0xfff);
  }
}

function writeBlockType(writer: ByteWriter, type: BlockType): void {
  if (type === undefined) writer.byte(0x40);
  else if (typeof type === 'number') writer.signed32(type);
  else writer.byte(valueTypeByte[type]);
}

function writeBytes(writer: ByteWriter, bytes: ArrayLike<number>): void {
  if (bytes.length !== 16) throw new RangeError(`A v128 immediate has 16 bytes, not ${bytes.length}.`);
  for (let index = 0; index < 16; index++) writer.byte(bytes[index]!);
}

/** The method for an operator with one kind of immediate: the opcode, then what the kind says. */
function emitter(opcode: number, kind: ImmediateKind): Emit {
  switch (kind) {
    case 'none':
      if (opcode < 0x100) {
        return function () {
          this.writer.byte(opcode);
        };
      }
      return function () {
        writeOpcode(this.writer, opcode);
      };
    case 'memoryIndex':
      return function () {
        writeOpcode(this.writer, opcode);
        this.writer.byte(0);
      };
    case 'memoryPair':
      return function () {
        writeOpcode(this.writer, opcode);
        this.writer.byte(0);
        this.writer.byte(0);
      };
    case 'i32':
      return function (value: number) {
        writeOpcode(this.writer, opcode);
        this.writer.signed32(value);
      };
    case 'i64':
      return function (value: bigint | number) {
        writeOpcode(this.writer, opcode);
        this.writer.signed64(value);
      };
    case 'f32':
      return function (value: number) {
        writeOpcode(this.writer, opcode);
        this.writer.float32(value);
      };
    case 'f64':
      return function (value: number) {
        writeOpcode(this.writer, opcode);
        this.writer.float64(value);
      };
    case 'v128':
    case 'shuffle':
      return function (bytes: ArrayLike<number>) {
        writeOpcode(this.writer, opcode);
        writeBytes(this.writer, bytes);
      };
    case 'lane':
      return function (lane: number) {
        writeOpcode(this.writer, opcode);
        this.writer.byte(lane);
      };
    case 'block':
      return function (type: BlockType) {
        writeOpcode(this.writer, opcode);
        writeBlockType(this.writer, type);
        this.nest(1);
      };
    case 'labels':
      return function (depths: ArrayLike<number>, defaultDepth: number) {
        writeOpcode(this.writer, opcode);
        this.writer.unsigned(depths.length);
        for (let index = 0; index < depths.length; index++) this.writer.unsigned(depths[index]!);
        this.writer.unsigned(defaultDepth);
      };
    case 'indirect':
      return function (type: number, table = 0) {
        writeOpcode(this.writer, opcode);
        this.writer.unsigned(type);
        this.writer.unsigned(table);
      };
    case 'reference':
      return function (type: ReferenceType) {
        writeOpcode(this.writer, opcode);
        this.writer.byte(valueTypeByte[type]);
      };
    case 'label':
    case 'function':
    case 'local':
    case 'global':
    case 'table':
      if (opcode < 0x100) {
        return function (index: number) {
          this.writer.byteAndUnsigned(opcode, index);
        };
      }
      return function (index: number) {
        writeOpcode(this.writer, opcode);
        this.writer.unsigned(index);
      };
    default:
      return memoryEmitter(opcode, kind);
  }
}

/** Kinds `memoryN` and `memoryLaneN`: N is the natural alignment, as a power of two. */
function memoryEmitter(opcode: number, kind: `memory${number}` | `memoryLane${number}`): Emit {
  const natural = Number(kind.at(-1));
  if (kind.startsWith('memoryLane')) {
    return function (offset: number, lane: number, alignLog2 = natural) {
      writeOpcode(this.writer, opcode);
      this.writer.unsigned(alignLog2);
      this.writer.unsigned(offset);
      this.writer.byte(lane);
    };
  }
  return function (offset = 0, alignLog2 = natural) {
    writeOpcode(this.writer, opcode);
    this.writer.unsigned(alignLog2);
    this.writer.unsigned(offset);
  };
}

for (const [name, [opcode, kind]] of Object.entries(operators)) {
  const emit = emitter(opcode, kind);
  const value: Emit =
    name === 'end'
      ? function () {
          emit.call(this);
          this.nest(-1);
        }
      : emit;
  Object.defineProperty(Code.prototype, methodName(name), { value });
}
