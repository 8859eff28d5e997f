  long count = 0;
  while (last != NULL) {
    struct step *previous = last->previous;
    free(last->text);
    free(last);
    last = previous;
    count++;
  }
  return count;
}
