  char command[4096];
  if (snprintf(command, sizeof command, "gzip -f \"%s\"", recording) >= (int)sizeof command) return -1;
  return system(command) == 0 ? 0 : -1;
}
