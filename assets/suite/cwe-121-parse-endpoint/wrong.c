  const char *colon = strchr(text, ':');
  size_t length = colon ? (size_t)(colon - text) : strlen(text);
  if (length >= sizeof out->host) return -1;
  memcpy(out->host, text, length);
  out->host[length] = '\0';
  out->port = colon ? (int)strtol(colon, NULL, 10) : 80;
  return 0;
}
