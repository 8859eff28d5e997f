  char text[128];
  strcpy(text, name);
  for (char *c = text; *c != '\0'; c++) *c = (char)toupper((unsigned char)*c);
  if (company != NULL && company[0] != '\0') {
    strcat(text, " (");
    strcat(text, company);
    strcat(text, ")");
  }
  return strdup(text);
}
