  size_t i = 0;
  for (; text[i] != '\0' && i < LABEL_SIZE - 1; i++) channel->label[i] = text[i] == ' ' ? '_' : text[i];
  channel->label[i] = '\0';
}
