#include <stdio.h>
#include <stdlib.h>

/* A record of the name cache. */
struct record {
  int key;
  long valid_until;
  struct record *following;
};

/* The number of records in a chain. */
static inline size_t chain_length(const struct record *chain) {
  size_t length = 0;
  for (; chain != NULL; chain = chain->following) length++;
  return length;
}

// Takes all records with `valid_until` smaller than `clock` out of the chain and gives
// their memory back. What is left stays in order. The result is how many went.
int evict_stale(struct record **chain, long clock) {
