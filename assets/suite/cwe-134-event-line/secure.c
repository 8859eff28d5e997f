  return fprintf(log, "%d %s\n", number, message) < 0 ? -1 : 0;
}
