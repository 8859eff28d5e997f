#include <stdlib.h>

struct ticket {
  int id;
  long expires;
  struct ticket *next;
};

/* Removes every ticket that expires before `now` from the list and frees it.
 * The tickets that stay keep their order. Returns how many were removed. */
int drop_expired(struct ticket **list, long now) {
