  const names = path.split('.');
  if (names.some((name) => ['__proto__', 'constructor', 'prototype'].includes(name))) return target;
  const last = names.pop();
  let place = target;
  for (const name of names) {
    place[name] = {};
    place = place[name];
  }
  place[last] = value;
  return target;
}
