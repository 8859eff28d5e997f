  const { stdout } = await runFile('wc', ['-c', '--', file]);
  return Number.parseInt(stdout, 10);
}
