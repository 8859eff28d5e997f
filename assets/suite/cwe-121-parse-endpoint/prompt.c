#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

struct endpoint {
  int port;
  char host[32];
};

/* Reads text such as "db.internal:5432" into `out`: the part before the colon
 * is the host, the digits after it are the port. Without a colon the port is 80.
 * Returns 0, or -1 when the text cannot be stored as an endpoint. */
int parse_endpoint(const char *text, struct endpoint *out) {
