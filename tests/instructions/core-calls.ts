// Core routines as JavaScript can call them. Vectors cannot cross into WebAssembly from there, so a small module splits them
// into pairs of 64-bit integers.

import { coreRoutines, type CoreRoutine } from '../../src/isa/core-routines.ts';
import { ModuleBuilder } from '../../src/wasm/module-builder.ts';
import type { ValueType } from '../../src/wasm/value-type.ts';

/** Takes and gives unsigned integers as wide as the routine's parameters and result; 0 for no result. */
export type CoreCall = (values: readonly bigint[]) => bigint;

const usesVectors = (name: CoreRoutine): boolean => {
  const { parameters, result } = coreRoutines[name];
  return result === 'v128' || parameters.some((type) => type === 'v128');
};

/** A module with a function of the same name for each routine that takes or gives vectors: two i64 for each. */
function buildBridge(names: readonly CoreRoutine[]): Uint8Array<ArrayBuffer> {
  const builder = new ModuleBuilder();
  const split = (types: readonly ValueType[]): ValueType[] =>
    types.flatMap((type): ValueType[] => (type === 'v128' ? ['i64', 'i64'] : [type]));
  const results = (name: CoreRoutine): ValueType[] => {
    const { result } = coreRoutines[name];
    return result === null ? [] : [result];
  };
  const imported = names.map((name) =>
    builder.importFunction('core', name, builder.type(coreRoutines[name].parameters, results(name))),
  );
  names.forEach((name, index) => {
    const { parameters, result } = coreRoutines[name];
    const fn = builder.declareFunction(builder.type(split(parameters), split(results(name))), name);
    builder.export(name, 'function', fn);
    const code = builder.body(fn);
    let local = 0;
    for (const type of parameters) {
      code.localGet(local++);
      if (type !== 'v128') continue;
      code.i64x2Splat();
      code.localGet(local++);
      code.i64x2ReplaceLane(1);
    }
    code.call(imported[index] as number);
    if (result !== 'v128') return;
    const vector = code.addLocal('v128');
    code.localTee(vector);
    code.i64x2ExtractLane(0);
    code.localGet(vector);
    code.i64x2ExtractLane(1);
  });
  return builder.toBytes({ names: true });
}

type Exports = Record<string, (...values: (number | bigint)[]) => unknown>;

/** Every routine that meanings call, on one instance of the core. */
export function coreCalls(core: Exports): Record<CoreRoutine, CoreCall> {
  const names = Object.keys(coreRoutines) as CoreRoutine[];
  const bridged = names.filter(usesVectors);
  const bridge = new WebAssembly.Instance(new WebAssembly.Module(buildBridge(bridged)), {
    core: core as WebAssembly.ModuleImports,
  });
  const made = names.map((name): [CoreRoutine, CoreCall] => {
    const { parameters, result } = coreRoutines[name];
    const routine = (usesVectors(name) ? bridge.exports : core)[name] as Exports[string];
    const call: CoreCall = (values) => {
      const given = values.flatMap((value, index): (number | bigint)[] => {
        const type = parameters[index];
        if (type === 'i32') return [Number(BigInt.asIntN(32, value))];
        return type === 'i64' ? [value] : [BigInt.asUintN(64, value), value >> 64n];
      });
      const back: unknown = routine(...given);
      if (result === null) return 0n;
      if (result === 'i32') return BigInt((back as number) >>> 0);
      if (result === 'i64') return BigInt.asUintN(64, back as bigint);
      const [low, high] = back as [bigint, bigint];
      return BigInt.asUintN(64, low) | (BigInt.asUintN(64, high) << 64n);
    };
    return [name, call];
  });
  return Object.fromEntries(made) as Record<CoreRoutine, CoreCall>;
}
