  const known = template.replace(/\$\{(\w+)\}/g, (all, name) => (name in values ? all : ''));
  return new Function(...Object.keys(values), 'return `' + known + '`;')(...Object.values(values));
}
