import { ByteWriter } from './byte-writer.ts';
import { Code } from './code.ts';
import { isFunctionType, valueTypeByte } from './value-type.ts';
import type { FunctionType, ReferenceType, ValueType } from './value-type.ts';

/** The smallest and, optionally, the largest size: in pages of 64 KiB for a memory, in elements for a table. */
export interface Limits {
  readonly initial: number;
  readonly maximum?: number;
}

/** Writes a constant expression, such as `(code) => code.i32Const(0)`, without its `end`. */
export type ConstantExpression = (code: Code) => void;

export const exportKind = { function: 0, table: 1, memory: 2, global: 3 } as const;

interface DeclaredFunction {
  readonly type: number;
  body: Code | undefined;
}

/** A vector of a section: how many entries, and their bytes one after the other. */
class Entries {
  readonly bytes = new ByteWriter(64);
  count = 0;

  add(): ByteWriter {
    this.count++;
    return this.bytes;
  }

  addAll({ bytes, count }: Entries): void {
    this.bytes.bytes(bytes.view());
    this.count += count;
  }
}

/**
 * Writes one WebAssembly module (core specification 2.0, section 5.5). Functions, tables, memories and globals are
 * numbered as the specification does, imports first; so everything of a kind must be imported before the first of that
 * kind is defined, and a RangeError says so otherwise.
 */
export class ModuleBuilder {
  readonly #types = new Entries();
  readonly #functionTypes: FunctionType[] = [];
  readonly #imports = new Entries();
  readonly #imported = { function: 0, table: 0, memory: 0, global: 0 };
  readonly #tables = new Entries();
  readonly #memories = new Entries();
  readonly #globals = new Entries();
  readonly #exports = new Entries();
  readonly #elements = new Entries();
  readonly #functions: DeclaredFunction[] = [];
  readonly #functionNames = new Map<number, string>();

  /** @param base a builder whose types and imports this one begins with; it must have nothing else */
  constructor(base?: ModuleBuilder) {
    if (!base) return;
    this.#types.addAll(base.#types);
    this.#imports.addAll(base.#imports);
    this.#functionTypes.push(...base.#functionTypes);
    Object.assign(this.#imported, base.#imported);
    for (const [index, name] of base.#functionNames) this.#functionNames.set(index, name);
  }

  /** The index of a function type; the same type is written once. */
  type(parameters: readonly ValueType[], results: readonly ValueType[]): number {
    const known = this.#functionTypes.findIndex((type) => isFunctionType(type, parameters, results));
    if (known >= 0) return known;
    const bytes = this.#types.add();
    bytes.byte(0x60);
    for (const types of [parameters, results]) {
      bytes.unsigned(types.length);
      for (const type of types) bytes.byte(valueTypeByte[type]);
    }
    return this.#functionTypes.push({ parameters: [...parameters], results: [...results] }) - 1;
  }

  /** Imports a function and returns its index. `name`, or else `field`, is its name in dumps and stack traces. */
  importFunction(module: string, field: string, type: number, name = field): number {
    this.#import(module, field, 'function', this.#functions.length).unsigned(type);
    this.#functionNames.set(this.#imported.function, name);
    return this.#imported.function++;
  }

  /** Imports a memory and returns its index. */
  importMemory(module: string, field: string, limits: Limits): number {
    writeLimits(this.#import(module, field, 'memory', this.#memories.count), limits);
    return this.#imported.memory++;
  }

  /** Imports a table and returns its index. */
  importTable(module: string, field: string, limits: Limits, type: ReferenceType = 'funcref'): number {
    const bytes = this.#import(module, field, 'table', this.#tables.count);
    bytes.byte(valueTypeByte[type]);
    writeLimits(bytes, limits);
    return this.#imported.table++;
  }

  /** Imports a global and returns its index. */
  importGlobal(module: string, field: string, type: ValueType, mutable = false): number {
    const bytes = this.#import(module, field, 'global', this.#globals.count);
    bytes.byte(valueTypeByte[type]);
    bytes.byte(mutable ? 1 : 0);
    return this.#imported.global++;
  }

  /**
   * Declares a function of this module and returns its index. Its body follows with `body`, in any order.
   * @param body one that was already written, maybe for another module
   */
  declareFunction(type: number, name?: string, body?: Code): number {
    const index = this.#imported.function + this.#functions.length;
    this.#functions.push({ type, body });
    if (name !== undefined) this.#functionNames.set(index, name);
    return index;
  }

  /** The body of a declared function, empty the first time it is asked for. */
  body(index: number, capacity?: number): Code {
    const declared = this.#functions[index - this.#imported.function];
    if (declared === undefined) {
      throw new RangeError(`Function ${index} has no body to write: it is imported or was not declared.`);
    }
    declared.body ??= new Code(this.#functionTypes[declared.type]?.parameters.length ?? 0, capacity);
    return declared.body;
  }

  /** Defines a memory and returns its index. */
  memory(limits: Limits): number {
    writeLimits(this.#memories.add(), limits);
    return this.#imported.memory + this.#memories.count - 1;
  }

  /** Defines a table and returns its index. */
  table(limits: Limits, type: ReferenceType = 'funcref'): number {
    const bytes = this.#tables.add();
    bytes.byte(valueTypeByte[type]);
    writeLimits(bytes, limits);
    return this.#imported.table + this.#tables.count - 1;
  }

  /** Defines a global and returns its index. */
  global(type: ValueType, mutable: boolean, initial: ConstantExpression): number {
    const bytes = this.#globals.add();
    bytes.byte(valueTypeByte[type]);
    bytes.byte(mutable ? 1 : 0);
    writeConstant(bytes, initial);
    return this.#imported.global + this.#globals.count - 1;
  }

  export(name: string, kind: keyof typeof exportKind, index: number): void {
    const bytes = this.#exports.add();
    bytes.name(name);
    bytes.byte(exportKind[kind]);
    bytes.unsigned(index);
  }

  /** Puts functions into a table when the module is instantiated, from the element that `offset` computes. */
  activeElements(offset: ConstantExpression, functions: readonly number[], table = 0): void {
    const bytes = this.#elements.add();
    bytes.unsigned(table === 0 ? 0 : 2);
    if (table !== 0) bytes.unsigned(table);
    writeConstant(bytes, offset);
    if (table !== 0) bytes.byte(0);
    writeIndexes(bytes, functions);
  }

  /** Declares functions that `refFunc` names in some body, as validation demands. */
  declareElements(functions: readonly number[]): void {
    const bytes = this.#elements.add();
    bytes.unsigned(3);
    bytes.byte(0);
    writeIndexes(bytes, functions);
  }

  /**
   * The finished module.
   * @param options.names whether to add the functions' names, for stack traces and dumps
   * @throws RangeError when a declared function has no body
   */
  toBytes(options: { readonly names?: boolean } = {}): Uint8Array<ArrayBuffer> {
    const output = new ByteWriter(this.#estimate());
    output.bytes(header);
    section(output, 1, this.#types);
    section(output, 2, this.#imports);
    const declarations = new Entries();
    for (const { type } of this.#functions) declarations.add().unsigned(type);
    section(output, 3, declarations);
    section(output, 4, this.#tables);
    section(output, 5, this.#memories);
    section(output, 6, this.#globals);
    section(output, 7, this.#exports);
    section(output, 9, this.#elements);
    this.#writeBranchHints(output);
    this.#writeCode(output);
    if (options.names) this.#writeNames(output);
    return new Uint8Array(output.view());
  }

  #import(module: string, field: string, kind: keyof typeof exportKind, defined: number): ByteWriter {
    if (defined > 0) {
      throw new RangeError(`Import ${module}.${field} before defining a ${kind}: imports are numbered first.`);
    }
    const bytes = this.#imports.add();
    bytes.name(module);
    bytes.name(field);
    bytes.byte(exportKind[kind]);
    return bytes;
  }

  #estimate(): number {
    let size = 1024;
    for (const { body } of this.#functions) size += (body?.length ?? 0) + 32;
    return size;
  }

  /** The custom section of the branch-hinting proposal, which stands before the code. */
  #writeBranchHints(output: ByteWriter): void {
    const hinted = this.#functions.filter(({ body }) => body?.hasExpectations);
    if (hinted.length === 0) return;
    output.byte(0);
    const mark = output.beginSized();
    output.name('metadata.code.branch_hint');
    output.unsigned(hinted.length);
    for (const [position, { body }] of this.#functions.entries()) {
      if (!body?.hasExpectations) continue;
      output.unsigned(this.#imported.function + position);
      body.writeExpectationsTo(output);
    }
    output.endSized(mark);
  }

  #writeCode(output: ByteWriter): void {
    if (this.#functions.length === 0) return;
    output.byte(10);
    const mark = output.beginSized();
    output.unsigned(this.#functions.length);
    for (const [position, { body }] of this.#functions.entries()) {
      if (body === undefined) {
        const index = this.#imported.function + position;
        throw new RangeError(`Function ${index} (${this.#functionNames.get(index) ?? 'unnamed'}) has no body.`);
      }
      body.writeTo(output);
    }
    output.endSized(mark);
  }

  /** The name section, with its subsection of function names (core specification 2.0, appendix 7.4.1). */
  #writeNames(output: ByteWriter): void {
    output.byte(0);
    const mark = output.beginSized();
    output.name('name');
    output.byte(1);
    const names = output.beginSized();
    output.unsigned(this.#functionNames.size);
    for (const [index, name] of [...this.#functionNames].sort(([a], [b]) => a - b)) {
      output.unsigned(index);
      output.name(name);
    }
    output.endSized(names);
    output.endSized(mark);
  }
}

const header = new Uint8Array([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);

function section(output: ByteWriter, id: number, entries: Entries): void {
  if (entries.count === 0) return;
  output.byte(id);
  const mark = output.beginSized();
  output.unsigned(entries.count);
  output.bytes(entries.bytes.view());
  output.endSized(mark);
}

function writeLimits(bytes: ByteWriter, { initial, maximum }: Limits): void {
  bytes.byte(maximum === undefined ? 0 : 1);
  bytes.unsigned(initial);
  if (maximum !== undefined) bytes.unsigned(maximum);
}

function writeConstant(bytes: ByteWriter, expression: ConstantExpression): void {
  const code = new Code(0, 16);
  expression(code);
  bytes.bytes(code.writer.view());
  bytes.byte(0x0b);
}

function writeIndexes(bytes: ByteWriter, indexes: readonly number[]): void {
  bytes.unsigned(indexes.length);
  for (const index of indexes) bytes.unsigned(index);
}
