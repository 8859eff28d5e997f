  return /^[a-z]+-?[a-z]*$/.test(text);
}
