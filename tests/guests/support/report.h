// What a guest says: one line a check on the serial port, in the Test Anything Protocol.
#pragma once
#include "machine.h"

void init_serial(void);
void print(const char *text);
void print_hex(u64 value);

// `ok N name` when it holds, else `not ok N name`.
#define check(holds, name) check_holds((holds) ? 1 : 0, name)
void check_holds(int holds, const char *name);
// The same for two numbers; when they differ both are printed.
void check_equal(u64 actual, u64 expected, const char *name);
// `ok N name # SKIP reason`, for a feature that CPUID does not list.
void skip(const char *name, const char *reason);
// Prints the plan and ends the monitor: status 1 when every check held, else 3.
void finish(void) __attribute__((noreturn));

// Every guest defines this.
void guest(void);
