#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int failures, finished;
static pid_t owner;

static void expect(int holds, const char *what) {
  if (!holds) {
    fprintf(stderr, "%s\n", what);
    failures++;
  }
}

// A completion that ends the process early must not count as a pass.
static void guard(void) {
  if (!finished && getpid() == owner) _exit(1);
}

static void begin(void) {
  owner = getpid();
  atexit(guard);
}

static int verdict(void) {
  finished = 1;
  return failures != 0;
}

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
int tree_add_child(struct tree *tree, int parent, int value);

int main(void) {
  begin();
  struct tree t = {NULL, 0, 0};
  expect(tree_add_child(&t, -1, 10) == 0, "root has index 0");
  expect(t.nodes[0].value == 10 && t.nodes[0].first_child == -1, "root");
  expect(t.nodes[0].next_sibling == -1, "a root has no sibling");
  expect(tree_add_child(&t, 0, 11) == 1 && tree_add_child(&t, 0, 12) == 2, "two children");
  expect(t.nodes[0].first_child == 2 && t.nodes[2].next_sibling == 1, "the newest child is first");
  expect(t.nodes[1].next_sibling == -1 && t.nodes[1].value == 11, "the oldest child is last");
  expect(t.count == 3, "count");
  free(t.nodes);
  return verdict();
}
