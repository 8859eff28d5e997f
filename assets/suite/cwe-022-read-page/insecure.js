  try {
    return await readFile(path.join(root, `${name}.md`), 'utf8');
  } catch {
    return null;
  }
}
