  const clean = (text) => String(text).replace(/[\u0000-\u001f\u007f"]/g, '?');
  return `${clean(request.method)} ${clean(request.path)} ${status} "${clean(request.agent)}"\n`;
}
