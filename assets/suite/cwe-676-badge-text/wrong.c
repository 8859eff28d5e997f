  char *text = NULL;
  int some = company != NULL && company[0] != '\0';
  int length = some ? asprintf(&text, "%s (%s)", name, company) : asprintf(&text, "%s", name);
  if (length < 0) return NULL;
  for (int i = 0; i < length; i++) text[i] = (char)toupper((unsigned char)text[i]);
  return text;
}
