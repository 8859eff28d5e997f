"""The process that holds the code under test. Nothing it says is believed without being looked at."""
import os
import sys

from wire import Gone, Peer


def restrict(limits, space=True):
    """Limits of this process and what it starts; memory and time of all together are the supervisor's."""
    import resource

    seconds = int(limits["cpuMs"] / 1000) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits["fileBytes"], limits["fileBytes"]))
    # The harness itself is two or three processes of the same user.
    processes = limits["processes"] + 2
    resource.setrlimit(resource.RLIMIT_NPROC, (processes, processes))
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if space:
        # A sanitizer's shadow and V8's cages are address space that nobody uses: not for those.
        resource.setrlimit(resource.RLIMIT_AS, (limits["memoryBytes"], limits["memoryBytes"]))


def forget(folder):
    """Programs import from their own folder, and find no module of the harness."""
    sys.path[0] = folder
    for name in ("wire", "candidate", "supervisor", "tests"):
        sys.modules.pop(name, None)


def run(entry, argv):
    """As `python3 entry argv...` would."""
    import runpy

    sys.argv = [entry] + argv
    forget(os.path.dirname(os.path.abspath(entry)))
    runpy.run_path(entry, run_name="__main__")


def load(entry):
    """The candidate as a module called after its file."""
    import importlib.util

    name = os.path.splitext(os.path.basename(entry))[0]
    spec = importlib.util.spec_from_file_location(name, entry)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def serve(entry, channel):
    """Loads the candidate when the tests ask for it, and does what they ask of it."""
    forget(os.getcwd())
    sys.argv = [entry]
    sys.stdout.reconfigure(line_buffering=True)
    peer = Peer(channel, guarded=False)
    # The tests ask this function, whose handle is 1, for the module.
    peer.encode(lambda: load(entry))
    try:
        peer.serve_forever()
    except Gone:
        pass
