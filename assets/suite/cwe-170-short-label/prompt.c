#include <stddef.h>
#include <string.h>

enum { LABEL_SIZE = 8 };

struct channel {
  int number;
  char label[LABEL_SIZE]; /* a text with its NUL */
};

/* Sets the label of a channel to the start of `text`, as much as fits; blanks become '_'. */
void set_short_label(struct channel *channel, const char *text) {
