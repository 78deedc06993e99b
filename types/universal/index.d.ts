// The globals that every host of Lodge has, in Node and in a browser alike. Projects below `src/host/`
// see these and nothing more, so that a DOM or Node type cannot slip into them.

declare namespace WebAssembly {
  type ImportExportKind = 'function' | 'global' | 'memory' | 'table';
  interface MemoryDescriptor {
    initial: number;
    maximum?: number;
  }
  interface TableDescriptor {
    element: 'anyfunc' | 'externref';
    initial: number;
    maximum?: number;
  }
  class Memory {
    constructor(descriptor: MemoryDescriptor);
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  class Table {
    constructor(descriptor: TableDescriptor);
    readonly length: number;
    get(index: number): unknown;
    set(index: number, value: unknown): void;
    grow(delta: number): number;
  }
  class Module {
    constructor(bytes: ArrayBuffer | ArrayBufferView);
  }
  class Instance {
    constructor(module: Module, imports?: Record<string, Record<string, unknown>>);
    // oxlint-disable-next-line no-explicit-any -- the exports of a module are whatever it says they are
    readonly exports: Record<string, any>;
  }
  class RuntimeError extends Error {}
}

declare class TextEncoder {
  encode(text?: string): Uint8Array;
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean });
  decode(bytes?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean }): string;
}
declare const crypto: { getRandomValues(array: Uint32Array): Uint32Array };
declare const performance: { now(): number };
declare class MessageChannel {
  readonly port1: MessagePort;
  readonly port2: MessagePort;
}
interface MessagePort {
  onmessage: ((event: unknown) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}
declare function setTimeout(callback: () => void, milliseconds: number): unknown;
declare function clearTimeout(timer: unknown): void;
/** Base64 of characters 0 to 255; `atob` throws when the text is none. */
declare function btoa(bytes: string): string;
declare function atob(text: string): string;
