  const { stdout } = await run(`wc -l "${file}"`);
  return Number.parseInt(stdout, 10);
}
