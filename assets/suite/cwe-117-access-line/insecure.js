  return `${request.method} ${request.path} ${status} "${request.agent ?? '-'}"\n`;
}
