  int removed = 0;
  struct ticket **link = list;
  while (*link != NULL) {
    struct ticket *current = *link;
    if (current->expires < now) {
      *link = current->next;
      free(current);
      removed++;
    } else {
      link = &current->next;
    }
  }
  return removed;
}
