#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct display {
  unsigned changes;
  char status[40];
};

/* Shows `text` as the status of the display, cut to what fits. `changes` counts how
 * often the shown text became another one; showing the same text again is no change. */
void set_status(struct display *display, const char *text) {
