  const names = path.split('.');
  const last = names.pop();
  let place = target;
  for (const name of names) {
    if (typeof place[name] !== 'object' || place[name] === null) place[name] = {};
    place = place[name];
  }
  place[last] = value;
  return target;
}
