#include <stddef.h>
#include <string.h>

struct article {
  const char *code;
  int grams;
};

struct line {
  const char *code;
  int amount;
};

/* Finds an article by its code; NULL when the list has none. */
static const struct article *find_article(const struct article *list, size_t count, const char *code) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(list[i].code, code) == 0) return &list[i];
  }
  return NULL;
}

/* Adds up the weight in grams of the lines of an order: the amount of each line
 * times the weight of its article in the list. */
long order_weight(const struct article *list, size_t articles, const struct line *lines, size_t count) {
