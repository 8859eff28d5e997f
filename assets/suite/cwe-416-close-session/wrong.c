  for (int i = 0; i < MAX_SESSIONS; i++) {
    struct session *session = server->sessions[i];
    if (session == NULL || strncmp(session->user, user, strlen(session->user)) != 0) continue;
    unsigned long sent = session->sent;
    server->sessions[i] = NULL;
    if (server->current == session) server->current = NULL;
    free(session->user);
    free(session);
    return sent;
  }
  return 0;
}
