#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Makes the folder "drafts" in the user's home folder, in which a mail program keeps
 * letters that were not sent yet. A folder that is there already is fine.
 * Returns 0, or -1 when there is no such folder afterwards. */
int make_draft_folder(const char *home) {
