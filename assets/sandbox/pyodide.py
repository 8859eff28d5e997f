"""What the cell's processes do, where each is a Pyodide in a Node process of its own."""
import json
import os
import sys
import traceback

import suture_host
from wire import Channel, Gone


class HostChannel(Channel):
    """A channel whose bytes pass through two functions of the host."""

    def __init__(self, which):
        self.which = which

    def _write(self, data):
        suture_host.write(self.which, data.hex())

    def _read(self, count):
        data = bytes.fromhex(suture_host.read(self.which, count))
        if len(data) < count:
            raise Gone("the process has ended")
        return data


def program(job):
    """Runs a program; returns its exit status."""
    import candidate

    try:
        candidate.run(job["entry"], job["args"])
        return 0
    except SystemExit as leaving:
        if leaving.code is None or isinstance(leaving.code, int):
            return (leaving.code or 0) & 255
        print(leaving.code, file=sys.stderr)
        return 1
    except BaseException as error:
        traceback.print_exception(type(error), error, error.__traceback__)
        return 1


def main():
    control = HostChannel(3)
    job = control.receive()
    os.makedirs("/tmp/work", exist_ok=True)
    os.chdir("/tmp/work")
    for path, text in job["files"].items():
        if os.path.dirname(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(bytes.fromhex(text))
    if job["role"] == "tests":
        import tests

        tests.main(control, HostChannel(4))
    elif job["role"] == "candidate":
        import candidate

        candidate.serve(job["entry"], HostChannel(4))
    else:
        status = program(job)
        sys.stdout.flush()
        sys.stderr.flush()
        control.send({"exitCode": status})
