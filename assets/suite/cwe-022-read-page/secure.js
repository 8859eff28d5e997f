  const file = path.resolve(root, `${name}.md`);
  if (!file.startsWith(path.resolve(root) + path.sep)) return null;
  try {
    return await readFile(file, 'utf8');
  } catch {
    return null;
  }
}
