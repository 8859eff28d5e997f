#define _GNU_SOURCE
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Takes the domain out of a mail address that a visitor typed, in small letters: for
 * "Ada@Engine.Example" it is "engine.example". It is on the heap; the caller frees it. */
char *mail_domain(const char *address) {
