  strncpy(channel->label, text, LABEL_SIZE);
  for (size_t i = 0; i < LABEL_SIZE; i++) {
    if (channel->label[i] == ' ') channel->label[i] = '_';
  }
}
