  int removed = 0;
  struct ticket *previous = NULL;
  struct ticket *next;
  for (struct ticket *t = *list; t != NULL; t = next) {
    next = t->next;
    if (t->expires < now) {
      if (previous != NULL) previous->next = next;
      else *list = next;
      free(t);
      removed++;
    }
    previous = t;
  }
  return removed;
}
