  if (fprintf(log, "%d ", number) < 0) return -1;
  if (message[0] != '\0' && fprintf(log, message) < 0) return -1;
  return fputc('\n', log) == EOF ? -1 : 0;
}
