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
  for (int i = 0; i < 40; i++) tree_add_child(&t, i - 1, i);
  expect(t.count == 40, "all nodes are there");
  for (int i = 0; i + 1 < 40; i++) expect(t.nodes[i].first_child == i + 1, "every link is there");
  free(t.nodes);
  return verdict();
}
