  (void)size;
  out[0] = '\0';
  char glue[2] = {separator, '\0'};
  for (size_t i = 0; i < count; i++) {
    if (i > 0) strcat(out, glue);
    strcat(out, words[i]);
  }
  return strlen(out);
}
