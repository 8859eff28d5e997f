  size_t count = 0;
  while (count < max && fscanf(in, "%s", names[count]) == 1) count++;
  return count;
}
