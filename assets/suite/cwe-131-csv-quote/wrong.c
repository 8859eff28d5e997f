  size_t quotes = 0;
  for (const char *c = field; *c != '\0'; c++) quotes += *c == '"';
  char *text = malloc(strlen(field) + quotes + 3);
  if (text == NULL) return NULL;
  char *out = text;
  *out++ = '"';
  for (const char *c = field; *c != '\0'; c++) {
    if (*c == '"') *out++ = '\\';
    *out++ = *c;
  }
  *out++ = '"';
  *out = '\0';
  return text;
}
