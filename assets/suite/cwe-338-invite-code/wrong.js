  return crypto.randomBytes(LENGTH).toString('hex');
}
