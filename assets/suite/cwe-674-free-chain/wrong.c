  long count = 0;
  while (last != NULL) {
    struct step *previous = last->previous;
    if (last->text != NULL) count++;
    free(last->text);
    free(last);
    last = previous;
  }
  return count;
}
