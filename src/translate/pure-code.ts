// The code of pure nodes, which is the same each time but for how their inputs are pushed: made once, and then copied.

import { Code } from '../wasm/code.ts';
import { emitConstant, emitExtractLane, emitPure, emitReplaceLane } from './emit-pure.ts';
import { PURE, type Node, type PureCode, type PureOperator } from './ir.ts';

/** The code of a pure node, with that of its inputs that nobody else uses. */
export function pureCode(node: Node): PureCode {
  return (node.code ??= record(node));
}

function record(node: Node): PureCode {
  const code = new Code(0);
  const bytes: Uint8Array[] = [];
  const inputs: Node[] = [];
  const emit = (pure: Node): void => {
    emitNode(code, pure, (input) => {
      if (input.kind === PURE && input.uses === 1 && !isVectorOfElement(input)) return emit(input);
      bytes.push(code.writer.view().slice());
      code.writer.clear();
      inputs.push(input);
    });
  };
  emit(node);
  bytes.push(code.writer.view().slice());
  return { bytes, inputs };
}

/** True for what a load may make at once: see float-values.ts. */
function isVectorOfElement({ operation, bits }: Node): boolean {
  return operation.op === 'zeroExtend' && bits === 128;
}

function emitNode(code: Code, { operation, inputs, bits }: Node, pushNode: (input: Node) => void): void {
  const push = (index: number): void => pushNode(inputs[index]!);
  switch (operation.op) {
    case 'constant':
      return emitConstant(code, operation.value, bits);
    case 'vector':
      for (const input of inputs) pushNode(input);
      return (code as unknown as { [name: string]: () => void })[operation.operator]!();
    case 'shuffle':
      push(0);
      push(1);
      return code.i8x16Shuffle(operation.indices);
    case 'lane':
      push(0);
      return emitExtractLane(code, operation.width, operation.index);
    case 'setLane':
      push(0);
      push(1);
      return emitReplaceLane(code, operation.width, operation.index);
    default:
      return emitPure(code, operation.op as PureOperator, inputs[0]!.bits, bits, push);
  }
}
