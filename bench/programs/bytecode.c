// An interpreter of a small stack machine, dispatching by a switch, that counts the steps of Collatz sequences.
#include "report.h"

enum { LIMIT = 40000 };

enum op { PUSH, LOAD, STORE, ADD, MULTIPLY, SHIFT, AND, LESS, JUMP, JUMP_IF, JUMP_UNLESS, HALT };

enum { N, X, STEPS, TOTAL };

static const int32_t code[] = {
    /*  0 */ PUSH, 1, STORE, N,
    /*  4 */ LOAD, N, STORE, X, PUSH, 0, STORE, STEPS, // next number
    /* 12 */ PUSH, 1, LOAD, X, LESS, JUMP_UNLESS, 55,  // while 1 < x
    /* 19 */ LOAD, X, PUSH, 1, AND, JUMP_IF, 36,
    /* 26 */ LOAD, X, PUSH, 1, SHIFT, STORE, X, JUMP, 46, HALT, // x >>= 1
    /* 36 */ LOAD, X, PUSH, 3, MULTIPLY, PUSH, 1, ADD, STORE, X, // x = 3x + 1
    /* 46 */ LOAD, STEPS, PUSH, 1, ADD, STORE, STEPS, JUMP, 12,
    /* 55 */ LOAD, TOTAL, LOAD, STEPS, ADD, STORE, TOTAL,
    /* 62 */ LOAD, N, PUSH, 1, ADD, STORE, N,
    /* 69 */ LOAD, N, PUSH, LIMIT, LESS, JUMP_IF, 4,
    /* 76 */ HALT};

static uint64_t run(const int32_t *code) {
  uint64_t stack[16], locals[4] = {0}, *top = stack;
  const int32_t *at = code;
  for (;;) {
    switch ((enum op)*at++) {
      case PUSH:
        *top++ = (uint64_t)*at++;
        break;
      case LOAD:
        *top++ = locals[*at++];
        break;
      case STORE:
        locals[*at++] = *--top;
        break;
      case ADD:
        top--;
        top[-1] += top[0];
        break;
      case MULTIPLY:
        top--;
        top[-1] *= top[0];
        break;
      case SHIFT:
        top--;
        top[-1] >>= top[0];
        break;
      case AND:
        top--;
        top[-1] &= top[0];
        break;
      case LESS:
        top--;
        top[-1] = top[-1] < top[0];
        break;
      case JUMP:
        at = code + *at;
        break;
      case JUMP_IF:
        at = *--top ? code + *at : at + 1;
        break;
      case JUMP_UNLESS:
        at = *--top ? at + 1 : code + *at;
        break;
      case HALT:
        return locals[TOTAL];
    }
  }
}

int main(void) {
  report(run(code));
  return 0;
}
