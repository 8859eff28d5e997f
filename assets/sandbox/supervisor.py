"""Process 1 of a cell: starts the code under test, watches it, and takes everything down with it.

It never loads code under test, and no process of the cell can signal, trace or read it. It speaks
with the host on descriptor 3; the tests' process alone has descriptor 4. When it ends, the kernel
ends every other process of its namespace.
"""
import ctypes
import json
import os
import select
import signal
import socket
import sys
import time
import traceback

import candidate
import tests
from wire import Channel, Gone

CONTROL, TESTS = 3, 4
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
PR_SET_DUMPABLE = 4
PERSONALITY_NO_RANDOM = 0x0040000
libc = ctypes.CDLL(None, use_errno=True)


def spawn(body):
    """A child that runs `body` and leaves with what Python would leave with."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        body()
        status = 0
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else 1 if leaving.code else 0
        if status == 1 and not isinstance(leaving.code, int):
            print(leaving.code, file=sys.stderr)
    except BaseException as error:
        # As Python would print it: without the harness's own frames.
        frames = error.__traceback__
        while frames and frames.tb_frame.f_code.co_filename.startswith(("/suture/", "<frozen runpy>")):
            frames = frames.tb_next
        traceback.print_exception(type(error), error, frames)
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except Exception:
                pass
        os._exit(status & 255)


class Usage:
    """Processor time, resident memory and number of all processes of the cell but this one."""

    def __init__(self):
        self.cpu_ms = 0
        self.bytes = 0
        self.peak = 0

    def measure(self):
        ticks, pages = 0, 0
        for name in os.listdir("/proc"):
            if not name.isdigit() or name == "1":
                continue
            try:
                with open("/proc/%s/stat" % name, "rb") as file:
                    fields = file.read().rsplit(b")", 1)[1].split()
            except OSError:
                continue
            ticks += sum(int(f) for f in fields[11:15])
            pages += int(fields[21])
        ended = os.times()
        self.cpu_ms = (ticks / TICKS + ended.children_user + ended.children_system) * 1000
        self.bytes = pages * PAGE
        self.peak = max(self.peak, self.bytes)


class Watch:
    """Waits for the children of one step, within the limits."""

    def __init__(self, limits, control):
        self.limits = limits
        self.control = control
        self.started = time.monotonic()
        self.usage = Usage()
        self.wake, self.woken = os.pipe()
        os.set_blocking(self.woken, False)
        os.set_blocking(self.wake, False)
        signal.set_wakeup_fd(self.woken)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def until(self, finished):
        """Waits until `finished(statuses)`; returns None, or which limit was crossed and how."""
        statuses = {}
        pause = 0.002
        while True:
            while True:
                try:
                    pid, status = os.waitpid(-1, os.WNOHANG)
                except ChildProcessError:
                    break
                if pid == 0:
                    break
                statuses[pid] = status
            if finished(statuses):
                self.usage.measure()
                return None
            crossed = self._crossed()
            if crossed:
                return crossed
            ready, _, _ = select.select([self.control, self.wake], [], [], pause)
            pause = min(pause * 1.5, 0.02)
            if self.control in ready:
                # The host has gone, or wants an end.
                os._exit(0)
            if self.wake in ready:
                os.read(self.wake, 4096)

    def _crossed(self):
        limits, usage = self.limits, self.usage
        usage.measure()
        if usage.bytes > limits["memoryBytes"]:
            return "memory", "more than %d MiB of memory" % (limits["memoryBytes"] >> 20)
        if usage.cpu_ms > limits["cpuMs"]:
            return "timeout", "more than %g s of processor time" % (limits["cpuMs"] / 1000)
        if (time.monotonic() - self.started) * 1000 > limits["wallMs"]:
            return "timeout", "more than %g s" % (limits["wallMs"] / 1000)
        return None


def ending(status):
    if os.WIFSIGNALED(status):
        return {"outcome": "signal", "signal": signal.Signals(os.WTERMSIG(status)).name}
    return {"outcome": "exit", "exitCode": os.WEXITSTATUS(status)}


def start_program(step, limits, token):
    """A child that becomes the step's program."""
    reading, writing = (os.pipe(), os.pipe()) if token is not None else (None, None)

    def body():
        os.close(CONTROL)
        os.close(TESTS)
        keep = []
        if token is not None:
            # The token can be had once, and the answer given once: by what the test's `main`
            # returns to, if it ever does.
            os.dup2(reading[0], 200)
            os.dup2(writing[1], 201)
            keep = [200, 201]
        if step["fixed"]:
            # AddressSanitizer's shadow does not fit every random layout.
            libc.personality(PERSONALITY_NO_RANDOM)
        libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
        for fd in range(3, 256):
            if fd not in keep:
                try:
                    os.close(fd)
                except OSError:
                    pass
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        candidate.restrict(limits, space=step["space"])
        try:
            os.execvpe(step["argv"][0], step["argv"], dict(os.environ, **step["env"]))
        except OSError as error:
            print("%s: %s" % (step["argv"][0], error.strerror), file=sys.stderr)
            sys.exit(127)

    pid = spawn(body)
    if token is None:
        return pid, None
    os.write(reading[1], token.encode())
    for fd in (reading[0], reading[1], writing[1]):
        os.close(fd)
    return pid, writing[0]


def run_steps(job, control):
    """Runs programs one after the other until one fails; the last one's ending is the job's."""
    result = {}
    for step in job["steps"]:
        limits = step["limits"]
        if os.path.isabs(step["argv"][0]) and not os.access(step["argv"][0], os.X_OK):
            reason = "%s is out of the sandbox's reach" % step["argv"][0]
            return dict(result, outcome="undetermined", reason=reason)
        watch = Watch(limits, control)
        forbidden = clash(step)
        if forbidden is not None:
            return dict(result, outcome="exit", exitCode=1, step=step["name"], clash=forbidden)
        token = job["token"] if step["judged"] else None
        pid, answer = start_program(step, limits, token)
        status = {}

        def finished(statuses):
            status.update(statuses)
            return pid in statuses

        crossed = watch.until(finished)
        result["step"] = step["name"]
        result.update(cpuMs=watch.usage.cpu_ms, peakBytes=watch.usage.peak)
        if crossed:
            return dict(result, outcome=crossed[0], reason=crossed[1])
        result.update(ending(status[pid]))
        if answer is not None:
            os.set_blocking(answer, False)
            try:
                said = os.read(answer, 256).decode("latin-1").split(":")
            except BlockingIOError:
                said = []
            if len(said) == 2 and said[0] == token and said[1].lstrip("-").isdigit():
                result["returned"] = int(said[1])
        if result.get("exitCode") != 0:
            return result
    return result


def clash(step):
    """A symbol of the C library that an object file defines, of those a verdict rests upon."""
    if not step["symbols"]:
        return None
    listed = os.popen("nm -g --defined-only -P %s" % step["symbols"]["object"]).read()
    for line in listed.splitlines():
        name = line.split()[0]
        if name in step["symbols"]["forbidden"] or name.startswith(("__wrap_", "__real_", "__assert", "__asan", "__ubsan")):
            return name
    return None


def run_python(job, control):
    """Runs a Python program in a child of this warm process; with `judged`, beside its tests."""
    limits = job["limits"]
    ours, theirs = socket.socketpair() if job["judged"] else (None, None)

    def under_test():
        # The way to the tests stays; everything else of the harness is closed.
        if theirs is not None:
            os.dup2(theirs.fileno(), 199)
        os.closerange(3, 199)
        os.closerange(200, 256)
        libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
        candidate.restrict(limits)
        if job["judged"]:
            candidate.serve(job["entry"], Channel(199, 199))
        else:
            candidate.run(job["entry"], job["argv"])

    def testing():
        os.close(CONTROL)
        theirs.close()
        # It prints where nobody listens: what it has to say goes through its own channel.
        nowhere = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(nowhere, fd)
        tests.main(Channel(TESTS, TESTS), Channel(ours.fileno(), ours.fileno()))

    watch = Watch(limits, control)
    pid = spawn(under_test)
    awaited = pid
    if job["judged"]:
        awaited = spawn(testing)
        ours.close()
        theirs.close()
    os.close(TESTS)
    status = {}

    def finished(statuses):
        status.update(statuses)
        return awaited in statuses

    crossed = watch.until(finished)
    result = {"step": "run", "cpuMs": watch.usage.cpu_ms, "peakBytes": watch.usage.peak}
    if crossed:
        return dict(result, outcome=crossed[0], reason=crossed[1])
    # A candidate that is still there when its tests have ended is as it should be.
    return dict(result, **(ending(status[pid]) if pid in status else {"outcome": "exit", "exitCode": 0}))


def main():
    # What it forks stays out of reach of what the others fork: not dumpable is not traceable.
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    control = Channel(CONTROL, CONTROL)
    control.send({"ready": True})
    try:
        job = control.receive()
    except Gone:
        os._exit(0)
    os.makedirs("/tmp/work", exist_ok=True)
    os.chdir("/tmp/work")
    for path, text in job["files"].items():
        if os.path.dirname(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(bytes.fromhex(text))
    run = run_python if job["kind"] == "python" else run_steps
    control.send(run(job, CONTROL))
    os._exit(0)


main()
