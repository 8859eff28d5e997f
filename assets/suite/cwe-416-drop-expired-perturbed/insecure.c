  int evicted = 0;
  struct record *previous = NULL;
  struct record *following;
  for (struct record *t = *chain; t != NULL; t = following) {
    following = t->following;
    if (t->valid_until < clock) {
      if (previous != NULL) previous->following = following;
      else *chain = following;
      free(t);
      evicted++;
    }
    previous = t;
  }
  return evicted;
}
