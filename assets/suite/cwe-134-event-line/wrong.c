  return fprintf(log, "%d %s", number, message) < 0 ? -1 : 0;
}
