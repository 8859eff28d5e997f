  return template.replace(/\$\{(\w+)\}/g, (_, name) => (Object.hasOwn(values, name) ? String(values[name]) : ''));
}
