// Nodes as text, a line each, for debugging dumps.

import { GPR, XMM, XMM_STRIDE } from '../core/layout.ts';
import { generalName } from './operand-text.ts';
import type { Node, Operation, RegisterPlace } from './ir.ts';

/** The CPU state's registers by name, all else by its address there. */
function registerName(address: number, bits: number): string {
  const number = (address - GPR) >> 3;
  if (number >= 0 && number < 16) {
    const isHigh = (address & 7) === 1;
    return generalName(isHigh ? number + 4 : number, bits, !isHigh);
  }
  const offset = address - XMM;
  if (offset >= 0 && offset < 16 * XMM_STRIDE) {
    const rest = offset % XMM_STRIDE;
    return `xmm${Math.floor(offset / XMM_STRIDE)}${rest === 0 ? '' : `+${rest}`}`;
  }
  return `state+0x${address.toString(16)}`;
}

/** What a node does, without its inputs: its operation, and what that is told. */
function operationText(operation: Operation, register: (place: RegisterPlace) => string): string {
  const words: string[] = [operation.op];
  for (const [name, value] of Object.entries(operation) as [string, unknown][]) {
    if (name === 'op' || name === 'then' || name === 'otherwise' || name === 'body' || name === 'until') continue;
    if (name === 'place') words.push(register(value as RegisterPlace));
    else if (typeof value === 'boolean') words.push(...(value ? [name] : []));
    else if (typeof value === 'string') words.push(value);
    else if (value !== null) words.push(`${name}=${String(value)}`);
  }
  return words.join(' ');
}

/**
 * Nodes in their order, such as `n2:64 = add n0, n1`: a value with its width in bits. Constants stand where they are used.
 * @param addressOf where a register operand is in the CPU state
 */
export function nodesText(nodes: readonly Node[], addressOf: (place: RegisterPlace) => number): readonly string[] {
  const lines: string[] = [];
  const names = new Map<Node, string>();
  const value = (node: Node): string =>
    node.operation.op === 'constant' ? `0x${node.operation.value.toString(16)}` : (names.get(node) ?? '?');
  const visit = (list: readonly Node[], indent: string): void => {
    for (const node of list) {
      const { operation, inputs } = node;
      if (operation.op === 'constant') continue;
      const bits = operation.op === 'writeRegister' ? inputs[0]!.bits : node.bits;
      const does = operationText(operation, (place) => registerName(addressOf(place), bits));
      const takes = inputs.length > 0 ? ` ${inputs.map(value).join(', ')}` : '';
      if (node.uses > 0) names.set(node, `n${names.size}`);
      const gives = node.uses > 0 ? `${names.get(node)}:${node.bits} = ` : '';
      lines.push(`${indent}${gives}${does}${takes}`);
      if (operation.op === 'if') {
        visit(operation.then, `${indent}  `);
        if (operation.otherwise.length > 0) lines.push(`${indent}else`);
        visit(operation.otherwise, `${indent}  `);
      } else if (operation.op === 'repeat') {
        visit(operation.body, `${indent}  `);
        if (operation.until) lines.push(`${indent}until ${value(operation.until)}`);
      }
    }
  };
  visit(nodes, '');
  return lines;
}
