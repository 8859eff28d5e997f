  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
  let code = '';
  while (code.length < LENGTH) code += letters[crypto.randomInt(letters.length)];
  return code;
}
