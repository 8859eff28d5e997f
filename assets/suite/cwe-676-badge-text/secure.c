  char *text = NULL;
  int some = company != NULL && company[0] != '\0';
  int length = some ? asprintf(&text, "%s (%s)", name, company) : asprintf(&text, "%s", name);
  if (length < 0) return NULL;
  for (size_t i = 0; name[i] != '\0'; i++) text[i] = (char)toupper((unsigned char)text[i]);
  return text;
}
