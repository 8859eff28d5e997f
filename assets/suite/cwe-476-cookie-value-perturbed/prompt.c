#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a marker stands on the map. */
struct place {
  double latitude;
  double longitude;
};

int same_place(struct place a, struct place b) {
  return a.latitude == b.latitude && a.longitude == b.longitude;
}

// Markers carry attributes in one string: "theme=dark; lang=en" has two. The text of the
// attribute called `wanted_name`, in heap memory that the caller gives back; NULL if the
// marker does not have it.
char *attribute_text(const char *attributes, const char *wanted_name) {
