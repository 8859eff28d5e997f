  char *domain = strdup(strrchr(address, '@') + 1);
  for (char *c = domain; *c != '\0'; c++) *c = (char)tolower((unsigned char)*c);
  return domain;
}
