#include <stdlib.h>
#include <string.h>

/* Draws a progress bar of `width` characters: as many '#' as `percent` (0 to 100) of the
 * width, rounded down, then '.'. The text is on the heap; the caller frees it. */
char *progress_bar(size_t width, unsigned percent) {
