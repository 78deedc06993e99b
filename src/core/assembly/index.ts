// Everything the interpreter, the run loop and the tests may call.

export * from './access.ts';
export * from './bulk.ts';
export * from './code.ts';
export * from './exceptions.ts';
export * from './frames.ts';
export * from './p2m.ts';
export * from './paging.ts';
export * from './tlb.ts';
