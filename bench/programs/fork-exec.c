// A child process that becomes another program, which ends at once.
#include <sys/wait.h>
#include <unistd.h>
#include "report.h"

enum { ROUNDS = 400 };

int main(int count, char **arguments) {
  if (count > 1) return 7;
  uint64_t sum = 0;
  for (int i = 0; i < ROUNDS; i++) {
    pid_t child = fork();
    if (child == 0) {
      execl(arguments[0], arguments[0], "child", (char *)0);
      _exit(1);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child) return 1;
    sum += (uint64_t)WEXITSTATUS(status);
  }
  report(sum);
  return 0;
}
