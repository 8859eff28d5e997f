  const file = path.resolve(root, `${path.basename(name)}.md`);
  try {
    return await readFile(file, 'utf8');
  } catch {
    return null;
  }
}
