/* Linked around a test's main (--wrap=main): answers with the token that the supervisor gave, and
   what main returned. A program that ends in any other way has not answered. */
#include <stdio.h>
#include <unistd.h>

int __real_main(int, char **, char **);

int __wrap_main(int argc, char **argv, char **envp) {
  int returned = __real_main(argc, argv, envp);
  char token[64] = {0};
  if (read(200, token, sizeof token - 1) > 0) dprintf(201, "%s:%d", token, returned);
  return returned;
}
