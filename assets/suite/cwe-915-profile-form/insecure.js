  return { ...user, ...form };
}
