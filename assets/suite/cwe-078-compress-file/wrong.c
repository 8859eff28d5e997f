  pid_t child = fork();
  if (child < 0) return -1;
  if (child == 0) {
    execlp("gzip", "gzip", "-fk", "--", path, (char *)NULL);
    _exit(127);
  }
  int status;
  if (waitpid(child, &status, 0) < 0) return -1;
  return 0;
}
