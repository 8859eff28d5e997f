#include <stddef.h>

struct cart_item {
  int cents;
  int quantity;
};

/* Adds up what the items of a cart cost together.
 * Returns the total in cents, or -1 for a cart whose total cannot be given. */
int cart_total(const struct cart_item *items, size_t count) {
