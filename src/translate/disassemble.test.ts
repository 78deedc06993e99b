import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CodeSize } from './decoder.ts';
import { disassemble } from './disassemble.ts';

function check(codeSize: CodeSize, bytes: string, text: string, address = 0x1000n): void {
  const code = Uint8Array.from(bytes.split(' '), (byte) => Number.parseInt(byte, 16));
  assert.deepEqual(disassemble(code, 0, codeSize, address), { length: code.length, text });
}

test('operands are spelled as the manual spells them', () => {
  check(64, '48 01 d8', 'add rax, rbx');
  check(64, '66 41 83 c7 ff', 'add r15w, 0xffff');
  check(64, '00 e4', 'add ah, ah');
  check(64, '40 00 e4', 'add spl, spl');
  check(64, '8b 44 9d f0', 'mov eax, dword ptr [rbp+rbx*4-0x10]');
  check(64, '65 8b 04 25 28 00 00 00', 'mov eax, dword ptr gs:[0x28]');
  check(64, '8b 05 00 01 00 00', 'mov eax, dword ptr [rel 0x1106]');
  check(64, '48 a1 88 77 66 55 44 33 22 11', 'mov rax, qword ptr [0x1122334455667788]');
  check(64, '66 0f 6f 0e', 'movdqa xmm1, xmmword ptr [rsi]');
  check(64, '0f 6f ca', 'movq mm1, mm2');
  check(64, 'd8 c1', 'fadd st(0), st(1)');
  check(64, 'db 28', 'fld tbyte ptr [rax]');
  check(64, '0f 22 d8', 'mov cr3, rax');
  check(64, '8e d8', 'mov ds, ax');
  check(32, '8b 00', 'mov eax, dword ptr [eax]');
  check(32, '67 8b 40 01', 'mov eax, dword ptr [bx+si+0x1]');
  check(32, 'ea 78 56 34 12 33 00', 'jmp far 0x33:0x12345678');
  check(32, 'c8 10 00 02', 'enter 0x10, 0x2');
  check(16, '8b 46 fe', 'mov ax, word ptr [bp-0x2]');
});

test('relative targets are addresses', () => {
  check(64, 'eb fe', 'jmp 0x1000');
  check(64, 'e8 00 00 00 80', 'call 0xffffffff80001005');
  check(32, 'e9 fb ef ff ff', 'jmp 0x0');
  check(16, 'e9 fd ef', 'jmp 0x0');
});

test('prefixes that no operand shows are named', () => {
  check(64, 'f0 48 ff 00', 'lock inc qword ptr [rax]');
  check(64, 'f3 a4', 'rep movs byte ptr es:[rdi], byte ptr [rsi]');
  check(64, 'f2 ae', 'repne scas al, byte ptr es:[rdi]');
  check(64, '9c', 'pushfq');
  check(32, '66 9c', 'pushf');
  check(64, '66 c3', 'data16 ret');
  check(64, '67 e3 00', 'jecxz 0x1003');
  check(64, '67 e2 fd', 'addr32 loop 0x1000');
});

test('what is no instruction is bad, and takes one byte, or all when more would follow', () => {
  const bad = (bytes: number[], codeSize: CodeSize) => disassemble(Uint8Array.from(bytes), 0, codeSize, 0n);
  assert.deepEqual(bad([0x06, 0x90], 64), { length: 1, text: '(bad)' });
  assert.deepEqual(bad([0x0f, 0x24, 0xc0], 64), { length: 1, text: '(bad)' });
  assert.deepEqual(bad([0x48, 0x8b], 64), { length: 2, text: '(bad)' });
});
