#include <stdlib.h>

/* Nodes live in one growing array and name each other by index; -1 is no node. */
struct node {
  int value;
  int first_child;
  int next_sibling;
};

struct tree {
  struct node *nodes;
  int count;
  int capacity;
};

/* Adds a node with `value` as the new first child of node `parent` (-1 for a root,
 * which has no parent). The array doubles when it is full, starting with 4 nodes.
 * Returns the index of the new node, or -1 when there is no memory. */
int tree_add_child(struct tree *tree, int parent, int value) {
