  size_t count = 0;
  while (count < max && fgets(names[count], NAME_SIZE, in) != NULL) {
    names[count][strcspn(names[count], "\n")] = '\0';
    count++;
  }
  return count;
}
