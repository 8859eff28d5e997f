  if (last == NULL) return 0;
  long before = free_chain(last->previous);
  free(last->text);
  free(last);
  return before + 1;
}
