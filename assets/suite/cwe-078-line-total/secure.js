  const { stdout } = await runFile('wc', ['-l', '--', file]);
  return Number.parseInt(stdout, 10);
}
