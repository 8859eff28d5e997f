/** What the headers of the C and POSIX libraries declare, as far as small functions use it. */
const HEADERS: Record<string, string> = {
  'stdio.h': `printf fprintf sprintf snprintf vprintf vfprintf vsprintf vsnprintf dprintf vdprintf
    asprintf vasprintf scanf fscanf sscanf vscanf gets fgets puts fputs getc fgetc getchar putc fputc
    putchar ungetc fread fwrite fopen freopen fdopen fclose fflush fseek ftell rewind feof ferror
    clearerr perror remove rename tmpfile tmpnam getline getdelim setbuf setvbuf popen pclose fileno
    stdin stdout stderr EOF BUFSIZ SEEK_SET SEEK_CUR SEEK_END FILENAME_MAX L_tmpnam NULL`,
  'stdlib.h': `malloc calloc realloc free alloca abort exit atexit atoi atol atoll atof strtol strtoll
    strtoul strtoull strtod strtof rand srand random srandom qsort bsearch abs labs llabs div getenv
    setenv unsetenv putenv system mkstemp mkdtemp realpath EXIT_SUCCESS EXIT_FAILURE RAND_MAX NULL`,
  'string.h': `strlen strnlen strcpy strncpy stpcpy stpncpy strcat strncat strlcpy strlcat strcmp
    strncmp strcasecmp strncasecmp strcoll strchr strrchr strstr strcasestr strpbrk strspn strcspn
    strtok strtok_r strsep strdup strndup strerror memcpy memmove mempcpy memccpy memset memcmp memchr
    memmem explicit_bzero bzero NULL`,
  'strings.h': 'bcopy bzero bcmp index rindex strcasecmp strncasecmp ffs',
  'ctype.h': `isalnum isalpha isascii isblank iscntrl isdigit isgraph islower isprint ispunct isspace
    isupper isxdigit tolower toupper`,
  'stdarg.h': 'va_start va_end va_arg va_copy',
  'stdbool.h': 'true false',
  'stddef.h': 'NULL offsetof',
  'stdint.h': `INT8_MAX INT16_MAX INT32_MAX INT64_MAX UINT8_MAX UINT16_MAX UINT32_MAX UINT64_MAX SIZE_MAX
    INT32_MIN INT64_MIN PTRDIFF_MAX`,
  'inttypes.h': 'PRId32 PRId64 PRIu32 PRIu64 PRIx32 PRIx64',
  'limits.h': `CHAR_BIT CHAR_MAX CHAR_MIN UCHAR_MAX SHRT_MAX SHRT_MIN USHRT_MAX INT_MAX INT_MIN UINT_MAX
    LONG_MAX LONG_MIN ULONG_MAX LLONG_MAX ULLONG_MAX PATH_MAX NAME_MAX LINE_MAX SSIZE_MAX`,
  'errno.h':
    'errno EINVAL ENOMEM EINTR EAGAIN ERANGE ENOENT EIO EPERM EACCES ENAMETOOLONG EOVERFLOW E2BIG ENOSPC',
  'assert.h': 'assert static_assert',
  'unistd.h': `read write close lseek pread pwrite open unlink access getpid getppid getuid geteuid getcwd
    chdir rmdir readlink gethostname sleep usleep fork execv execve execvp execl execlp dup dup2 pipe
    isatty environ STDIN_FILENO STDOUT_FILENO STDERR_FILENO NULL`,
  'fcntl.h': 'open creat fcntl O_RDONLY O_WRONLY O_RDWR O_CREAT O_TRUNC O_APPEND O_EXCL O_NONBLOCK',
  'sys/types.h': '',
  'sys/stat.h': 'stat fstat lstat mkdir chmod S_ISREG S_ISDIR',
  'sys/socket.h': `socket bind listen accept connect send sendto sendmsg recv recvfrom recvmsg shutdown
    setsockopt getsockopt AF_INET AF_UNIX SOCK_STREAM SOCK_DGRAM MSG_PEEK MSG_WAITALL MSG_NOSIGNAL`,
  'netinet/in.h': 'htons htonl ntohs ntohl INADDR_ANY',
  'arpa/inet.h': 'inet_ntop inet_pton inet_addr inet_ntoa htons htonl ntohs ntohl',
  'syslog.h': `syslog vsyslog openlog closelog setlogmask LOG_EMERG LOG_ALERT LOG_CRIT LOG_ERR LOG_WARNING
    LOG_NOTICE LOG_INFO LOG_DEBUG LOG_PID LOG_CONS LOG_USER LOG_DAEMON LOG_AUTH LOG_LOCAL0`,
  'err.h': 'err errx warn warnx verr verrx vwarn vwarnx',
  'error.h': 'error',
  'time.h':
    'time ctime gmtime localtime localtime_r gmtime_r mktime strftime difftime clock nanosleep clock_gettime CLOCK_REALTIME CLOCK_MONOTONIC',
  'sys/time.h': 'gettimeofday',
  'math.h': 'sqrt pow fabs floor ceil round log log10 exp sin cos tan fmin fmax fmod',
  'signal.h': 'signal raise kill SIGINT SIGTERM SIGPIPE SIG_IGN SIG_DFL',
  'alloca.h': 'alloca',
  'libintl.h': 'gettext ngettext',
  'sys/param.h': 'MIN MAX MAXPATHLEN',
  'wchar.h': 'wprintf fwprintf swprintf wcslen wcscpy wcsncpy wcscat',
};

const TYPES = `FILE va_list size_t ssize_t ptrdiff_t off_t time_t clock_t pid_t uid_t gid_t mode_t socklen_t
  in_addr_t wchar_t wint_t bool DIR intmax_t uintmax_t useconds_t suseconds_t u_char u_int u_short u_long
  uint ulong ushort sig_atomic_t div_t fpos_t timer_t sa_family_t in_port_t`;

/** Headers by the names that they declare. */
export const DECLARED = new Map<string, string[]>();
for (const [header, names] of Object.entries(HEADERS))
  for (const name of names.trim().split(/\s+/))
    if (name !== '') DECLARED.set(name, [...(DECLARED.get(name) ?? []), header]);

export const KNOWN_HEADERS = new Set(Object.keys(HEADERS));
export const KNOWN_TYPES = new Set(TYPES.split(/\s+/));

/** Number of arguments of the functions that the rules judge, fewest and most. */
export const ARITY = new Map<string, readonly [number, number]>();
for (const [names, fewest, most] of [
  ['gets strlen puts strdup perror free malloc alloca putchar atoi', 1, 1],
  [
    'strcpy stpcpy strcat fputs fputc putc strchr strrchr strstr strcspn strspn strcmp strndup strnlen calloc realloc vprintf',
    2,
    2,
  ],
  [
    'strncpy strncat strlcpy strlcat memcpy memmove mempcpy memset fgets read write vfprintf vsprintf strncmp memcmp strtol strtoul bcopy',
    3,
    3,
  ],
  ['recv send fread fwrite pread vsnprintf strftime', 4, 4],
  ['recvfrom', 6, 6],
  ['printf scanf', 1, 99],
  ['sprintf fprintf dprintf syslog fscanf sscanf', 2, 99],
  ['snprintf', 3, 99],
] as const)
  for (const name of names.split(' ')) ARITY.set(name, [fewest, most]);
