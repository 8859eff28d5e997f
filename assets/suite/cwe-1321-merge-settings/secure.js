  const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
  for (const [key, value] of Object.entries(changes)) {
    if (key === '__proto__' || key === 'constructor' || key === 'prototype') continue;
    if (isObject(value) && Object.hasOwn(settings, key) && isObject(settings[key])) mergeSettings(settings[key], value);
    else settings[key] = value;
  }
  return settings;
}
