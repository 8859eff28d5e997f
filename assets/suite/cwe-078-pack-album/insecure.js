  execSync(`tar -cf "${name}.tar" "${name}"`, { cwd: albums, stdio: 'ignore' });
  return path.join(albums, `${name}.tar`);
}
