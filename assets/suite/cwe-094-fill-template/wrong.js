  return template.replace(/\$\{(\w+)\}/, (_, name) => (Object.hasOwn(values, name) ? String(values[name]) : ''));
}
