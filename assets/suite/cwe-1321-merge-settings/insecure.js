  for (const key in changes) {
    const value = changes[key];
    const both = [value, settings[key]].every((v) => v !== null && !Array.isArray(v) && ['object', 'function'].includes(typeof v));
    if (both) mergeSettings(settings[key], value);
    else settings[key] = value;
  }
  return settings;
}
