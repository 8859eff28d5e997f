/** Names that Python has without an import. */
export const BUILTINS = words(`
  ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError
  BrokenPipeError BufferError BytesWarning ChildProcessError ConnectionAbortedError
  ConnectionError ConnectionRefusedError ConnectionResetError DeprecationWarning EOFError Ellipsis
  EncodingWarning EnvironmentError Exception ExceptionGroup False FileExistsError
  FileNotFoundError FloatingPointError FutureWarning GeneratorExit IOError ImportError
  ImportWarning IndentationError IndexError InterruptedError IsADirectoryError KeyError
  KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError None NotADirectoryError
  NotImplemented NotImplementedError OSError OverflowError PendingDeprecationWarning
  PermissionError ProcessLookupError RecursionError ReferenceError ResourceWarning RuntimeError
  RuntimeWarning StopAsyncIteration StopIteration SyntaxError SyntaxWarning SystemError SystemExit
  TabError TimeoutError True TypeError UnboundLocalError UnicodeDecodeError UnicodeEncodeError
  UnicodeError UnicodeTranslateError UnicodeWarning UserWarning ValueError Warning
  ZeroDivisionError abs aiter all anext any ascii bin bool breakpoint bytearray bytes callable chr
  classmethod compile complex delattr dict dir divmod enumerate eval exec filter float format
  frozenset getattr globals hasattr hash help hex id input int isinstance issubclass iter len list
  locals map max memoryview min next object oct open ord pow print property range repr reversed
  round set setattr slice sorted staticmethod str sum super tuple type vars zip __name__ __file__
  __doc__ __import__ __debug__ WindowsError exit quit
`);

/** Attributes of modules that the rules depend on: any other name there is invented. */
export const MODULES = new Map<string, ReadonlySet<string>>([
  ['html', words('escape unescape parser entities')],
  ['shlex', words('quote split join shlex')],
  [
    'subprocess',
    words(`
  run call check_call check_output Popen PIPE DEVNULL STDOUT CalledProcessError TimeoutExpired
  CompletedProcess SubprocessError getoutput getstatusoutput list2cmdline STARTUPINFO
`),
  ],
  ['markupsafe', words('Markup escape escape_silent soft_str soft_unicode')],
  [
    'os',
    words(`
  DirEntry EX_OK F_OK O_CREAT O_EXCL O_RDONLY O_RDWR O_TRUNC O_WRONLY P_NOWAIT P_WAIT PathLike
  R_OK W_OK X_OK abort access altsep chdir chmod chown chroot close closerange confstr
  confstr_names copy_file_range cpu_count ctermid curdir defpath device_encoding devnull dup dup2
  environ environb error eventfd eventfd_read eventfd_write execl execle execlp execlpe execv
  execve execvp execvpe extsep fchdir fchmod fchown fdatasync fdopen fork forkpty fpathconf
  fsdecode fsencode fspath fstat fstatvfs fsync ftruncate fwalk get_blocking get_exec_path
  get_inheritable get_terminal_size getcwd getcwdb getegid getenv getenvb geteuid getgid
  getgrouplist getgroups getloadavg getlogin getpgid getpgrp getpid getppid getpriority getrandom
  getresgid getresuid getsid getuid getxattr initgroups isatty kill killpg lchown linesep link
  listdir listxattr lockf login_tty lseek lstat major makedev makedirs memfd_create minor mkdir
  mkfifo mknod name nice open openpty pardir path pathconf pathconf_names pathsep pidfd_open pipe
  pipe2 popen posix_fadvise posix_fallocate posix_spawn posix_spawnp pread preadv putenv pwrite
  pwritev read readlink readv register_at_fork remove removedirs removexattr rename renames
  replace rmdir scandir sendfile sep set_blocking set_inheritable setegid seteuid setgid setgroups
  setpgid setpgrp setpriority setregid setresgid setresuid setreuid setsid setuid setxattr spawnl
  spawnle spawnlp spawnlpe spawnv spawnve spawnvp spawnvpe splice startfile stat stat_result
  statvfs statvfs_result strerror supports_bytes_environ supports_dir_fd supports_effective_ids
  supports_fd supports_follow_symlinks symlink sync sys sysconf sysconf_names system tcgetpgrp
  tcsetpgrp terminal_size times times_result truncate ttyname umask uname uname_result unlink
  unsetenv urandom utime wait waitpid walk write
`),
  ],
]);

/** Attributes of a database cursor (DB-API 2.0, with what sqlite3, psycopg2 and MySQL add). */
export const CURSOR = words(`
  execute executemany executescript fetchone fetchall fetchmany close callproc nextset
  setinputsizes setoutputsize arraysize description rowcount lastrowid connection row_factory
  mogrify copy_from copy_to copy_expert query statusmessage rownumber scroll stored_results
  statement with_rows column_names itersize name withhold
`);

/** Number of positional arguments that a call may have, fewest and most. */
export const ARITY = new Map<string, readonly [number, number]>([
  ['html.escape', [1, 2]],
  ['markupsafe.escape', [1, 1]],
  ['shlex.quote', [1, 1]],
  ['shlex.join', [1, 1]],
  ['os.system', [1, 1]],
  ['os.popen', [1, 3]],
  ['subprocess.getoutput', [1, 1]],
  ['.execute', [1, 2]],
  ['.executemany', [2, 2]],
  ['.executescript', [1, 1]],
  ['.cursor', [0, 1]],
  ['.fetchone', [0, 0]],
  ['.fetchall', [0, 0]],
  ['.fetchmany', [0, 1]],
  ['.append', [1, 1]],
  ['.join', [1, 1]],
]);

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
