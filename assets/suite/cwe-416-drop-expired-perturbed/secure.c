  int evicted = 0;
  struct record **link = chain;
  while (*link != NULL) {
    struct record *current = *link;
    if (current->valid_until < clock) {
      *link = current->following;
      free(current);
      evicted++;
    } else {
      link = &current->following;
    }
  }
  return evicted;
}
