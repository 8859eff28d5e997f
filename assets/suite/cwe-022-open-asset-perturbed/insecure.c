  char location[PATH_MAX];
  if (snprintf(location, sizeof location, "%s/%s", store, key) >= (int)sizeof location) return NULL;
  return fopen(location, "rb");
}
