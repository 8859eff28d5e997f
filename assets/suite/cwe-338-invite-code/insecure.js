  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
  let code = '';
  while (code.length < LENGTH) code += letters[Math.floor(Math.random() * letters.length)];
  return code;
}
