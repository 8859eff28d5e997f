// A seccomp filter, as the kernel takes it: classic BPF over { nr, arch, ip, args[6] }.

const LOAD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_AT_LEAST = 0x35;
const JUMP_SET = 0x45;
const RETURN = 0x06;

const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const error = (errno: number) => 0x00050000 | errno;
const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

const NUMBER = 0;
const ARCHITECTURE = 4;
const FIRST_ARGUMENT = 16;

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const NEW_NAMESPACES = 0x7e020000;
/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: the namespaces hold these; others (vsock) they do not. */
const FAMILIES = [1, 2, 10, 16];

interface Architecture {
  audit: number;
  clone: number;
  clone3: number;
  socket: number;
  /** Reaching into other processes, namespaces, mounts, keys, modules, clocks, memory that no limit sees. */
  denied: readonly number[];
}

const ARCHITECTURES: Record<string, Architecture> = {
  // ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd | mount umount2 pivot_root chroot
  // open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr unshare setns | keyctl add_key
  // request_key | bpf perf_event_open userfaultfd io_uring_setup, _enter, _register fanotify_init |
  // init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff acct
  // quotactl syslog settimeofday clock_settime adjtimex sethostname setdomainname |
  // open_by_handle_at name_to_handle_at | memfd_create memfd_secret shmget shmat msgget semget mq_open
  x64: {
    audit: 0xc000003e,
    clone: 56,
    clone3: 435,
    socket: 41,
    denied: [
      101, 310, 311, 312, 438, 165, 166, 155, 161, 428, 429, 430, 431, 432, 433, 442, 272, 308, 250,
      248, 249, 321, 298, 323, 425, 426, 427, 300, 175, 313, 176, 246, 320, 169, 167, 168, 163, 179,
      103, 164, 227, 159, 170, 171, 304, 303, 319, 447, 29, 30, 68, 64, 240,
    ],
  },
  arm64: {
    audit: 0xc00000b7,
    clone: 220,
    clone3: 435,
    socket: 198,
    denied: [
      117, 270, 271, 272, 438, 40, 39, 41, 51, 428, 429, 430, 431, 432, 433, 442, 97, 268, 219, 217,
      218, 280, 241, 282, 425, 426, 427, 262, 105, 273, 106, 104, 294, 142, 224, 225, 89, 60, 116,
      170, 112, 171, 161, 162, 265, 264, 279, 447, 194, 196, 186, 190, 180,
    ],
  },
};

/**
 * The filter for this machine; undefined on an architecture whose system calls are not listed here,
 * where "no new privileges" and the namespaces have to do.
 */
export function seccompFilter(architecture: string = process.arch): Buffer | undefined {
  const known = ARCHITECTURES[architecture];
  if (!known) return undefined;
  const program: number[][] = [];
  const emit = (code: number, value: number, whenTrue = 0, whenFalse = 0) =>
    program.push([code, whenTrue, whenFalse, value >>> 0]);

  emit(LOAD, ARCHITECTURE);
  emit(JUMP_EQUAL, known.audit, 1, 0);
  emit(RETURN, KILL);
  emit(LOAD, NUMBER);
  // The x32 numbers of x86-64 name the same calls again.
  emit(JUMP_AT_LEAST, 0x40000000, 0, 1);
  emit(RETURN, error(ENOSYS));
  for (const number of known.denied) {
    emit(JUMP_EQUAL, number, 0, 1);
    emit(RETURN, error(EPERM));
  }
  // Its flags lie in memory, where a filter cannot look; libraries fall back to clone.
  emit(JUMP_EQUAL, known.clone3, 0, 1);
  emit(RETURN, error(ENOSYS));
  emit(JUMP_EQUAL, known.clone, 0, 4);
  emit(LOAD, FIRST_ARGUMENT);
  emit(JUMP_SET, NEW_NAMESPACES, 0, 1);
  emit(RETURN, error(EPERM));
  emit(RETURN, ALLOW);
  emit(JUMP_EQUAL, known.socket, 0, FAMILIES.length + 2);
  emit(LOAD, FIRST_ARGUMENT);
  for (const [i, family] of FAMILIES.entries()) {
    emit(JUMP_EQUAL, family, FAMILIES.length - i, 0);
  }
  emit(RETURN, error(EAFNOSUPPORT));
  emit(RETURN, ALLOW);

  const bytes = Buffer.alloc(program.length * 8);
  for (const [i, [code, whenTrue, whenFalse, value]] of program.entries()) {
    bytes.writeUInt16LE(code!, i * 8);
    bytes.writeUInt8(whenTrue!, i * 8 + 2);
    bytes.writeUInt8(whenFalse!, i * 8 + 3);
    bytes.writeUInt32LE(value!, i * 8 + 4);
  }
  return bytes;
}
