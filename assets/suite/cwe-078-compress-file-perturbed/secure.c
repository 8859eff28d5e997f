  pid_t worker = fork();
  if (worker < 0) return -1;
  if (worker == 0) {
    execlp("gzip", "gzip", "-f", "--", recording, (char *)NULL);
    _exit(127);
  }
  int outcome;
  if (waitpid(worker, &outcome, 0) < 0) return -1;
  return WIFEXITED(outcome) && WEXITSTATUS(outcome) == 0 ? 0 : -1;
}
