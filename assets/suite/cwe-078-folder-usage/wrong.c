  int ends[2];
  if (pipe(ends) != 0) return -1;
  pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    execlp("du", "du", "-sk", "--", folder, (char *)NULL);
    _exit(127);
  }
  close(ends[1]);
  FILE *output = fdopen(ends[0], "r");
  long kilobytes = 0;
  if (fscanf(output, "%ld", &kilobytes) != 1) kilobytes = 0;
  fclose(output);
  waitpid(child, NULL, 0);
  return kilobytes * 1024;
}
