// What a C library and a kernel do together: signals, jumps out of them, protected memory, processes, pipes, threads,
// contexts, floating-point traps, printing and reading of numbers. Every line must be the same in a guest and on its host.
#define _GNU_SOURCE
#include <errno.h>
#include <fenv.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static sigjmp_buf recovery;
static volatile sig_atomic_t last_signal, last_code;
static void *volatile last_address;

static void recover(int number, siginfo_t *information, void *context) {
  (void)context;
  last_signal = number;
  last_code = information->si_code;
  last_address = information->si_addr;
  siglongjmp(recovery, 1);
}

static void on_signal(int number, void (*handler)(int, siginfo_t *, void *), int flags) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
  sigaction(number, &action, NULL);
}

#define TRAP(name, body)                                                            \
  do {                                                                              \
    last_signal = last_code = 0;                                                    \
    if (sigsetjmp(recovery, 1) == 0) { body; }                                      \
    printf("%s: signal %d, code %d\n", name, (int)last_signal, (int)last_code);     \
  } while (0)

static void faults(void) {
  const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) on_signal(numbers[i], recover, SA_ONSTACK);
  volatile int zero = 0, one = 1, least = INT32_MIN, minus_one = -1;
  char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  page[0] = 1;
  mprotect(page + 4096, 4096, PROT_NONE);
  TRAP("division by zero", one = one / zero);
  TRAP("division overflow", zero = least / minus_one);
  TRAP("undefined instruction", __asm__ volatile("ud2"));
  TRAP("breakpoint", __asm__ volatile("int3"));
  TRAP("privileged instruction", __asm__ volatile("cli"));
  TRAP("non-canonical address", *(volatile char *)0x8000000000000000 = 1);
  TRAP("write across the end", *(volatile uint64_t *)(page + 4092) = 1);
  printf("at +%ld\n", (long)((char *)last_address - page));
  mprotect(page, 4096, PROT_READ);
  TRAP("write to read-only memory", page[5] = 1);
  printf("at +%ld, first byte %d\n", (long)((char *)last_address - page), page[0]);
  TRAP("execute data", ((void (*)(void))page)());
  TRAP("single step", __asm__ volatile("pushf\n orl $0x100, (%%rsp)\n popf\n nop" : : : "cc", "memory"));
  munmap(page, 8192);
}

static void floating_point_traps(void) {
  volatile double zero = 0, one = 1, most = 1.7e308;
  volatile long double extended_zero = 0, extended_one = 1;
  feenableexcept(FE_DIVBYZERO | FE_OVERFLOW | FE_INVALID);
  TRAP("SSE division by zero", one = one / zero);
  feenableexcept(FE_DIVBYZERO | FE_OVERFLOW | FE_INVALID);
  TRAP("SSE overflow", one = most * most);
  feenableexcept(FE_DIVBYZERO | FE_OVERFLOW | FE_INVALID);
  TRAP("SSE invalid operation", one = zero / zero);
  feenableexcept(FE_DIVBYZERO | FE_OVERFLOW | FE_INVALID);
  TRAP("x87 division by zero", extended_one = extended_one / extended_zero);
  fesetenv(FE_DFL_ENV);
  feclearexcept(FE_ALL_EXCEPT);
  one = one / 3.0;
  printf("inexact: %d\n", fetestexcept(FE_ALL_EXCEPT) == FE_INEXACT);
}

static volatile int alarms;
static void count_alarm(int number, siginfo_t *information, void *context) {
  (void)number, (void)information, (void)context;
  alarms++;
}

// The floating-point registers must live through signals that come anywhere.
static void timers(void) {
  on_signal(SIGALRM, count_alarm, SA_RESTART);
  const struct itimerval every = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &every, NULL);
  long double sum = 0;
  double other = 0;
  for (long i = 1; alarms < 20 || i < 200000; i++) {
    if (i >= 200000) continue;
    sum += 1.0L / i;
    other += 1.0 / i;
  }
  setitimer(ITIMER_REAL, &never, NULL);
  printf("harmonic: %.18Lg %.16g\n", sum, other);
  struct timespec before, after, pause = {0, 20000000};
  clock_gettime(CLOCK_MONOTONIC, &before);
  nanosleep(&pause, NULL);
  clock_gettime(CLOCK_MONOTONIC, &after);
  printf("slept: %d\n", (after.tv_sec - before.tv_sec) * 1000000000L + after.tv_nsec - before.tv_nsec >= 20000000);
}

static void processes(void) {
  uint64_t *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  static uint64_t copied[4096];
  int pipes[2];
  if (pipe(pipes) != 0) abort();
  fflush(stdout);
  for (unsigned child = 0; child < 8; child++) {
    if (fork() != 0) continue;
    for (unsigned i = 0; i < 4096; i++) copied[i] += child * i;
    for (unsigned i = 0; i < 4096; i++) __atomic_fetch_add(shared, copied[i], __ATOMIC_SEQ_CST);
    if (write(pipes[1], &child, sizeof child) != sizeof child) _exit(1);
    if (child == 7) raise(SIGKILL);
    _exit((int)child);
  }
  close(pipes[1]);
  unsigned got, sum = 0, statuses = 0, killed = 0;
  while (read(pipes[0], &got, sizeof got) == sizeof got) sum += got;
  for (int status; wait(&status) > 0;) {
    if (WIFEXITED(status)) statuses += WEXITSTATUS(status);
    else killed += WTERMSIG(status);
  }
  printf("children: %u %u %u, shared %llu, own %llu\n", sum, statuses, killed, (unsigned long long)*shared,
         (unsigned long long)copied[4095]);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static __thread unsigned mine;
static unsigned ours;

static void *thread(void *argument) {
  for (unsigned i = 0; i < 20000; i++) {
    mine += (unsigned)(uintptr_t)argument;
    pthread_mutex_lock(&mutex);
    ours++;
    pthread_mutex_unlock(&mutex);
  }
  return (void *)(uintptr_t)mine;
}

static void threads(void) {
  pthread_t all[4];
  uintptr_t sum = 0;
  for (uintptr_t i = 0; i < 4; i++) pthread_create(&all[i], NULL, thread, (void *)(i + 1));
  for (int i = 0; i < 4; i++) {
    void *result;
    pthread_join(all[i], &result);
    sum += (uintptr_t)result;
  }
  printf("threads: %u %lu\n", ours, (unsigned long)sum);
}

static ucontext_t main_context, other_context;
static void other(void) {
  for (int i = 0; i < 3; i++) {
    printf("context %d\n", i);
    swapcontext(&other_context, &main_context);
  }
}

static void contexts(void) {
  static char stack[65536];
  getcontext(&other_context);
  other_context.uc_stack.ss_sp = stack;
  other_context.uc_stack.ss_size = sizeof stack;
  other_context.uc_link = &main_context;
  makecontext(&other_context, other, 0);
  for (int i = 0; i < 4; i++) swapcontext(&main_context, &other_context);
}

// A function that is written, run, changed through the same and through another mapping, and run again.
static void changing_code(void) {
  static const uint8_t code[] = {0xb8, 0, 0, 0, 0, 0xc3}; // mov eax, 0; ret
  const int file = memfd_create("code", 0);
  if (ftruncate(file, 4096) != 0) abort();
  uint8_t *run = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, file, 0);
  uint8_t *alias = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  memcpy(run, code, sizeof code);
  int sum = 0;
  for (int i = 0; i < 2000; i++) {
    (i & 1 ? run : alias)[1] = (uint8_t)i;
    sum += ((int (*)(void))run)() * (i % 7);
  }
  printf("changing code: %d\n", sum);
}

static void numbers(void) {
  const double values[] = {0.1, 1e23, 5e-324, 1.7976931348623157e308, 2.5, -0.0, 123456.789};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    char text[64];
    snprintf(text, sizeof text, "%.17g", values[i]);
    printf("%s %a %g %.3f %e %d\n", text, values[i], values[i], values[i] > 1e9 ? 0 : values[i], values[i],
           strtod(text, NULL) == values[i]);
  }
  printf("%.30Lg %La\n", strtold("3.14159265358979323846264338327950288", NULL), 1 / 3.0L);
  const int modes[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
  for (int i = 0; i < 4; i++) {
    fesetround(modes[i]);
    volatile double third = 1 / (volatile double){3}, sum = third + 1e-17;
    printf("%.20g %.20g %.3f %.3f %Lg\n", third, sum, 2.0005, -2.0005, (long double)third / 7);
  }
  fesetround(FE_TONEAREST);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  static char stack[65536];
  const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&alternate, NULL);
  numbers();
  faults();
  floating_point_traps();
  timers();
  processes();
  threads();
  contexts();
  changing_code();
  return 42;
}
