// 200,000 of the shortest system call.
#include <sys/syscall.h>
#include <unistd.h>
#include "report.h"

int main(void) {
  int different = 0;
  long parent = syscall(SYS_getppid);
  for (int i = 0; i < 200000; i++) different += syscall(SYS_getppid) != parent;
  report((uint64_t)different);
  return different;
}
