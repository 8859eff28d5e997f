  size_t length = strlen(line);
  while (length > 0 && isspace((unsigned char)line[length - 1])) length--;
  line[length] = '\0';
  return length;
}
