  char *text = malloc(strlen(field) + 16);
  if (text == NULL) return NULL;
  char *out = text;
  *out++ = '"';
  for (const char *c = field; *c != '\0'; c++) {
    if (*c == '"') *out++ = '"';
    *out++ = *c;
  }
  *out++ = '"';
  *out = '\0';
  return text;
}
