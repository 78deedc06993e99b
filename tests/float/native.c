// Runs floating-point instructions on the host's own processor, for the differential tests.
//
// Reads 64-byte cases from stdin and writes one 48-byte answer for each to stdout; both layouts are
// shared with the generated AssemblyScript harness (see build.ts). What each operation number does is
// generated from the operation tables into operations.inc, in terms of the macros below.

#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

struct operation_case {
  uint32_t operation, control, immediate, spare;
  uint8_t a[16], b[16];
  uint64_t unused[2];
};

struct answer {
  uint8_t first[16], second[16];
  uint32_t flags, condition, fault, spare;
};

static volatile uint32_t trapped;

// An unmasked SSE exception: note the flags as the fault left them, then let the instruction run
// again with everything masked; its result is thrown away.
static void on_fault(int signal, siginfo_t *information, void *context) {
  (void)signal;
  (void)information;
  struct _libc_fpstate *state = ((ucontext_t *)context)->uc_mcontext.fpregs;
  trapped = state->mxcsr | 0x80000000u;
  state->mxcsr |= 0x1f80;
}

// SSE. `body` is an instruction string over xmm0 (first operand), xmm1 (second operand) and rax.
#define SSE(body)                                                                                  \
  {                                                                                                \
    uint32_t after, plain = 0x1f80;                                                                \
    uint64_t general = immediate64, eflags;                                                        \
    trapped = 0;                                                                                   \
    __asm__ volatile("movdqu %[a], %%xmm0\n movdqu %[b], %%xmm1\n ldmxcsr %[control]\n" body       \
                     "\n pushfq\n popq %[eflags]\n stmxcsr %[after]\n ldmxcsr %[plain]\n"          \
                     "movdqu %%xmm0, %[first]"                                                     \
                     : [after] "=m"(after), [first] "=m"(answer->first), "+a"(general),            \
                       [eflags] "=r"(eflags)                                                       \
                     : [a] "m"(input->a), [b] "m"(input->b), [control] "m"(input->control),        \
                       [plain] "m"(plain)                                                          \
                     : "xmm0", "xmm1", "cc", "memory");                                            \
    answer->flags = (trapped ? trapped : after) & 63;                                              \
    answer->condition = eflags & 0x45;                                                             \
    answer->fault = trapped != 0;                                                                  \
    if (trapped) memset(answer->first, 0, 16);                                                     \
  }

// The scalar result in xmm0, cut to `bytes`.
#define SSE_SCALAR(bytes, body)                                                                    \
  {                                                                                                \
    SSE(body)                                                                                      \
    memset(answer->first + bytes, 0, 16 - bytes);                                                  \
    answer->condition = 0;                                                                         \
  }
// The integer result in rax.
#define SSE_INTEGER(body)                                                                          \
  {                                                                                                \
    SSE(body "\n movq %%rax, %%xmm0")                                                              \
    memset(answer->first + 8, 0, 8);                                                               \
    answer->condition = 0;                                                                         \
  }
// EFLAGS only.
#define SSE_COMPARE(body)                                                                          \
  {                                                                                                \
    SSE(body)                                                                                      \
    memset(answer->first, 0, 16);                                                                  \
    if (answer->fault) answer->condition = 0;                                                      \
  }

// x87. `before` loads the stack with everything masked, `body` runs under the case's control word,
// `after` stores results, masked again. Status is read by non-waiting instructions, so an unmasked
// exception is seen in the flags and never delivered.
#define X87(before, body, after)                                                                   \
  {                                                                                                \
    uint16_t masked = 0x037f, control = (uint16_t)input->control, status = 0;                      \
    uint64_t eflags;                                                                               \
    __asm__ volatile("fninit\n fldcw %[masked]\n" before "\n fnclex\n fldcw %[control]\n" body     \
                     "\n fnstsw %[status]\n pushfq\n popq %[eflags]\n fnclex\n fldcw %[masked]\n"  \
                     after "\n fninit"                                                             \
                     : [status] "=m"(status), [eflags] "=&r"(eflags),                              \
                       [first] "+m"(answer->first), [second] "+m"(answer->second)                  \
                     : [a] "m"(input->a), [b] "m"(input->b), [masked] "m"(masked),                 \
                       [control] "m"(control)                                                      \
                     : "cc", "memory", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", \
                       "st(7)");                                                                   \
    answer->flags = status & 63;                                                                   \
    answer->condition = status & 0x4700;                                                           \
    answer->fault = (answer->flags & ~control & 63) != 0;                                          \
    (void)eflags;                                                                                  \
  }

#define X87_UNARY(body) X87("fldt %[a]", body, "fstpt %[first]")
#define X87_BINARY(body) X87("fldt %[b]\n fldt %[a]", body, "fstpt %[first]")
#define X87_TWO_RESULTS(body) X87("fldt %[a]", body, "fstpt %[first]\n fstpt %[second]")
#define X87_LOAD(body) X87("", body, "fstpt %[first]")
#define X87_STORE(body) X87("fldt %[a]", body, "")
#define X87_FLAGS(body)                                                                            \
  {                                                                                                \
    uint64_t flags;                                                                                \
    X87("fldt %[b]\n fldt %[a]", body "\n pushfq\n popq %[first]", "")                             \
    memcpy(&flags, answer->first, 8);                                                              \
    flags = answer->flags & ~input->control & 7 ? 0 : flags & 0x45;                                \
    memcpy(answer->first, &flags, 8);                                                              \
  }

static void run(const struct operation_case *input, struct answer *answer) {
  uint64_t immediate64 = 0;
  memcpy(&immediate64, input->a, 8);
  switch (input->operation) {
#include "operations.inc"
  }
}

int main(void) {
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  sigaction(SIGFPE, &action, NULL);
  static struct operation_case inputs[1024];
  static struct answer answers[1024];
  size_t count;
  while ((count = fread(inputs, sizeof inputs[0], 1024, stdin)) > 0) {
    memset(answers, 0, sizeof answers);
    for (size_t index = 0; index < count; index++) run(&inputs[index], &answers[index]);
    fwrite(answers, sizeof answers[0], count, stdout);
  }
  return 0;
}
