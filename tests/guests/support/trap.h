// Runs a few instructions and tells which exception they raised, if any.
#pragma once
#include "descriptors.h"
#include "report.h"

#define DE 0
#define DB 1
#define NMI 2
#define BP 3
#define OF 4
#define BR 5
#define UD 6
#define NM 7
#define DF 8
#define TS 10
#define NP 11
#define SS 12
#define GP 13
#define PF 14
#define MF 16
#define AC 17
#define XM 19
#define NOTHING 0xffff
#define LEAVE 0x80 // INT 0x80 ends code that runs in an outer ring

#define PF_PRESENT 1
#define PF_WRITE 2
#define PF_USER 4
#define PF_RESERVED 8
#define PF_FETCH 16

struct frame {
#ifdef __x86_64__
  u64 r15, r14, r13, r12, r11, r10, r9, r8, di, si, bp, dx, cx, bx, ax;
  u64 vector, error, ip, cs, flags, sp, ss;
#else
  u32 di, si, bp, unused_sp, bx, dx, cx, ax; // as PUSHA stores them
  u32 vector, error, ip, cs, flags, sp, ss;  // SP and SS only when the ring changed
  u32 v86_es, v86_ds, v86_fs, v86_gs;        // only from virtual-8086 mode
#endif
};

// The last exception that ended an attempt. `vector` is NOTHING when the code returned.
extern struct caught {
  struct frame frame;
  word cr2, frame_address;
  word ax; // AX at the end, whichever way the code ended
} caught;

// Code to attempt: gets its arguments in AX, DX and CX, ends in RET (or, in an outer ring, INT 0x80).
#define CODE(name, body)                                                                                               \
  extern char name[];                                                                                                  \
  asm(".pushsection .text\n.balign 16\n" #name ":\n" body "\n.popsection")
#define LABEL(name) extern char name[]

// Runs code in ring 0. The answer is the vector of the exception that ended it, or NOTHING.
#define attempt(code, ...) attempt_with((word)(code), (word[4]){__VA_ARGS__})
u32 attempt_with(word code, const word arguments[4]);
// Runs code in ring 3, on a stack of its own, with these flags besides IF.
#define attempt_user(code, ...) attempt_outer((word)(code), USER_CODE64, USER_DATA, 0, (word[4]){__VA_ARGS__})
u32 attempt_outer(word code, u16 code_selector, u16 stack_selector, word flags, const word arguments[4]);
extern u8 user_stack[8192];
// Added to the addresses of code and stack in an outer ring, for guests that map themselves a second time.
extern word user_alias;

// Checks that an attempt ended by this exception with this error code, at this address.
void check_fault(u32 vector, word error, const void *ip, const char *name);

extern struct gate idt[256];
void init_traps(void);
void load_idt(u16 limit);
// The entry that the IDT has for a vector, for gates of other types.
word trap_entry(u32 vector);
// Handles a vector in place of ending the attempt. The frame may be changed.
typedef void (*handler)(struct frame *frame);
void set_handler(u32 vector, handler handler);
