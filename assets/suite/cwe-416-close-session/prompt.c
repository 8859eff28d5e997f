#include <stdlib.h>
#include <string.h>

enum { MAX_SESSIONS = 8 };

struct session {
  char *user;
  unsigned long sent;
};

/* The open sessions; a free place is NULL. `current` is the session that was served
 * last, if any. Sessions and user names are on the heap. */
struct server {
  struct session *sessions[MAX_SESSIONS];
  struct session *current;
};

/* Closes the session of the user with this name: frees all of it and its place.
 * Returns how many bytes the session had sent, 0 when the user has no session. */
unsigned long close_session(struct server *server, const char *user) {
