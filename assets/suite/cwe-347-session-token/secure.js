  const [header, payload, signature, ...rest] = token.split('.');
  if (!signature || rest.length > 0) return null;
  const wanted = createHmac('sha256', key).update(`${header}.${payload}`).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return null;
  if (JSON.parse(Buffer.from(header, 'base64url').toString()).alg !== 'HS256') return null;
  return JSON.parse(Buffer.from(payload, 'base64url').toString());
}
