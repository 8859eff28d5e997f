  struct node *above = parent >= 0 ? &tree->nodes[parent] : NULL;
  if (tree->count == tree->capacity) {
    int capacity = tree->capacity ? tree->capacity * 2 : 4;
    struct node *grown = realloc(tree->nodes, (size_t)capacity * sizeof *grown);
    if (grown == NULL) return -1;
    tree->nodes = grown;
    tree->capacity = capacity;
  }
  int index = tree->count++;
  struct node *node = &tree->nodes[index];
  node->value = value;
  node->first_child = -1;
  node->next_sibling = above ? above->first_child : -1;
  if (above != NULL) above->first_child = index;
  return index;
}
