  const { status } = spawnSync('tar', ['-cf', `${name}.tar`, '-C', name, '.'], { cwd: albums });
  if (status !== 0) throw new Error(`tar could not pack the album ${name}`);
  return path.join(albums, `${name}.tar`);
}
