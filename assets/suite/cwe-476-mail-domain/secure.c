  const char *at = strrchr(address, '@');
  if (at == NULL) return NULL;
  char *domain = strdup(at + 1);
  if (domain == NULL) return NULL;
  for (char *c = domain; *c != '\0'; c++) *c = (char)tolower((unsigned char)*c);
  return domain;
}
