  char command[1024];
  snprintf(command, sizeof command, "du -sb %s", folder);
  FILE *output = popen(command, "r");
  if (output == NULL) return -1;
  long bytes = -1;
  if (fscanf(output, "%ld", &bytes) != 1) bytes = -1;
  return pclose(output) == 0 ? bytes : -1;
}
