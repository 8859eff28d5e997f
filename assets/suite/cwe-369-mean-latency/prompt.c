#include <stddef.h>

struct probe {
  int answered;
  long micros;
};

/* Gives the mean time in microseconds, rounded down, that the answered probes of a
 * host took. Probes without an answer do not count. */
long mean_latency(const struct probe *probes, size_t count) {
