"""Messages between the processes of a cell, and what they may carry.

The candidate and its tests live in two processes. Plain values cross by copy; anything else stays
where it is and is spoken to through a `Remote`. So code under test can hand the tests neither an
object whose `__eq__` always says yes, nor anything else of its own that would run among them.
"""
import builtins
import importlib
import json
import operator
import os
import threading

# A message longer than this ends the conversation: nobody asks for it but an attack.
LONGEST = 32 << 20


class Gone(Exception):
    """The other process has ended, or no longer speaks sense."""


class Channel:
    """Length-prefixed JSON over a pair of file descriptors."""

    def __init__(self, reading, writing):
        self.reading = reading
        self.writing = writing

    def send(self, message):
        data = json.dumps(message).encode()
        self._write(len(data).to_bytes(4, "big") + data)

    def receive(self):
        length = int.from_bytes(self._read(4), "big")
        if length > LONGEST:
            raise Gone("a message is too long")
        data = self._read(length)
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            raise Gone("a message is malformed") from error

    def _write(self, data):
        try:
            while data:
                data = data[os.write(self.writing, data) :]
        except OSError as error:
            raise Gone("the process has ended") from error

    def _read(self, count):
        parts = []
        while count:
            try:
                part = os.read(self.reading, min(count, 1 << 20))
            except OSError as error:
                raise Gone("the process has ended") from error
            if not part:
                raise Gone("the process has ended")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)


# Values of these types are rebuilt from their arguments on the other side.
REBUILT = {
    "datetime.date": lambda v: [v.year, v.month, v.day],
    "datetime.time": lambda v: [v.hour, v.minute, v.second, v.microsecond],
    "datetime.datetime": lambda v: [v.year, v.month, v.day, v.hour, v.minute, v.second, v.microsecond],
    "datetime.timedelta": lambda v: [v.days, v.seconds, v.microseconds],
    "decimal.Decimal": lambda v: [str(v)],
    "fractions.Fraction": lambda v: [v.numerator, v.denominator],
    "pathlib.PosixPath": lambda v: [str(v)],
    "pathlib.PurePosixPath": lambda v: [str(v)],
    "uuid.UUID": lambda v: [str(v)],
    "builtins.range": lambda v: [v.start, v.stop, v.step],
    "builtins.complex": lambda v: [v.real, v.imag],
}

# What may be asked of an object besides its attributes and its call.
SPECIAL = {
    "iter": iter,
    "next": next,
    "len": len,
    "bool": bool,
    "str": str,
    "repr": repr,
    "int": int,
    "float": float,
    "dir": dir,
    "eq": operator.eq,
    "lt": operator.lt,
    "contains": operator.contains,
    "getitem": operator.getitem,
    "setitem": operator.setitem,
    "delitem": operator.delitem,
    "delattr": delattr,
    "enter": lambda o: type(o).__enter__(o),
    "exit": lambda o, *error: type(o).__exit__(o, *error),
    "await": lambda o: __import__("asyncio").run(_finish(o)),
}

# Attributes that lead from an object to the code and the frames behind it, or load native code.
HIDDEN = ("_", "gi_", "cr_", "ag_", "f_", "tb_", "co_", "func_", "load_extension", "enable_load_")
_MODULE, _FUNCTION, _TYPE = type(os), type(lambda: 0), type


async def _finish(awaitable):
    return await awaitable


class Remote:
    """An object of the other process."""

    def __init__(self, peer, handle, kind):
        self.__dict__.update(_peer=peer, _handle=handle, _kind=kind)

    def _ask(self, name, *args):
        return self._peer.request("special", self, name, *args)

    def __call__(self, *args, **kwargs):
        return self._peer.call(self, args, kwargs)

    def __getattr__(self, name):
        # Not asked of the other side: what Python and its libraries look for on any object.
        if name.startswith("__") and name not in ("__name__", "__doc__", "__all__", "__version__"):
            raise AttributeError(name)
        return self._peer.request("get", self, name)

    def __setattr__(self, name, value):
        self._peer.request("set", self, name, value)

    def __delattr__(self, name):
        self._ask("delattr", name)

    def __eq__(self, other):
        # Two of its objects it may compare; what is equal to one of ours, it has no say in.
        return self._ask("eq", other) is True if isinstance(other, Remote) else NotImplemented

    def __lt__(self, other):
        return self._ask("lt", other) is True if isinstance(other, Remote) else NotImplemented

    def __hash__(self):
        return hash(self._handle)

    def __iter__(self):
        iterator = self._ask("iter")
        return iterator if isinstance(iterator, Remote) else iter(iterator)

    def __next__(self):
        return self._ask("next")

    def __len__(self):
        return self._ask("len")

    def __bool__(self):
        return self._ask("bool")

    def __str__(self):
        return self._ask("str")

    def __repr__(self):
        return "<%s in the other process>" % self._kind

    def __int__(self):
        return self._ask("int")

    def __float__(self):
        return self._ask("float")

    def __contains__(self, item):
        return self._ask("contains", item)

    def __getitem__(self, key):
        return self._ask("getitem", key)

    def __setitem__(self, key, value):
        self._ask("setitem", key, value)

    def __delitem__(self, key):
        self._ask("delitem", key)

    def __enter__(self):
        return self._ask("enter")

    def __exit__(self, *error):
        return self._ask("exit", None, None, None)


class Awaited(Remote):
    """A coroutine of the other process: it runs to its end when it is awaited here."""

    def __await__(self):
        yield from ()
        return self._ask("await")


class Peer:
    """One end of the conversation: asks, and answers while it waits.

    A guarded end (the tests') lets nobody reach behind the objects that it hands out.
    """

    def __init__(self, channel, guarded):
        self.channel = channel
        self.guarded = guarded
        self.lock = threading.RLock()
        self.exported = {}
        self.handles = {}
        self.classes = {}
        # Set by the tests' end: streams that the tests have replaced, by name.
        self.replaced = dict

    # Asking

    def request(self, *message):
        with self.lock:
            self.channel.send(["ask"] + [self.encode(part) for part in message])
            return self._answer()

    def call(self, target, args, kwargs):
        with self.lock:
            streams = self.replaced()
            message = ["call", target, list(args), kwargs, streams]
            self.channel.send(["ask"] + [self.encode(part) for part in message])
            value, changed = self._answer()
        for where, new in changed:
            _overwrite(args[where] if isinstance(where, int) else kwargs[where], new)
        return value

    def _answer(self):
        while True:
            message = self.channel.receive()
            try:
                kind, content = message[0], message[1:]
                if kind == "value":
                    return self.decode(content[0])
                if kind == "raise":
                    thrown = self._exception(content[0])
                elif kind == "ask":
                    parts = [self.decode(part) for part in content]
                    thrown = None
                else:
                    raise Gone("a message is malformed")
            except Gone:
                raise
            except Exception as error:
                raise Gone("a message is malformed") from error
            if thrown is not None:
                raise thrown
            self._serve(parts)

    # Answering

    def serve_forever(self):
        while True:
            _, *content = self.channel.receive()
            self._serve([self.decode(part) for part in content])

    def _serve(self, parts):
        try:
            reply = ["value", self.encode(self._do(*parts))]
        except Gone:
            raise
        except BaseException as error:
            reply = ["raise", self._describe(error)]
        self.channel.send(reply)

    def _do(self, what, target, *rest):
        if self.guarded:
            self._check(what, target, rest)
        if what == "get":
            return getattr(target, rest[0])
        if what == "set":
            return setattr(target, rest[0], rest[1])
        if what == "special":
            return SPECIAL[rest[0]](target, *rest[1:])
        if what == "call":
            args, kwargs, streams = rest
            mutable = [(k, v) for k, v in list(enumerate(args)) + list(kwargs.items()) if type(v) in MUTABLE]
            before = [self.encode(v) for _, v in mutable]
            # It is the tests that put streams in place of others, never the code.
            with Streams({} if self.guarded else streams):
                value = target(*args, **kwargs)
            changed = [[k, v] for (k, v), old in zip(mutable, before) if self.encode(v) != old]
            return (value, changed)
        raise Gone("a message is malformed")

    def _check(self, what, target, rest):
        """Only what this end has handed out may be touched, and only its public face."""
        if id(target) not in self.handles or isinstance(target, (_MODULE, _TYPE)):
            raise PermissionError("the tests do not give this out")
        name = rest[1] if what == "special" and rest[0] == "delattr" else rest[0]
        if what in ("get", "set") or (what == "special" and rest[0] == "delattr"):
            if not isinstance(name, str) or name.startswith(HIDDEN):
                raise PermissionError("the tests do not give out %r" % (name,))
            if what != "get" and callable(getattr(target, name, None)):
                raise PermissionError("the tests do not let %r be replaced" % name)

    # Values

    def encode(self, value):
        kind = type(value)
        if value is None or kind is bool or kind is str or kind is float:
            return value
        if kind is int:
            return value if -(1 << 53) < value < 1 << 53 else {"int": hex(value)}
        if kind is list:
            return [self.encode(item) for item in value]
        if kind in (tuple, set, frozenset):
            return {kind.__name__: [self.encode(item) for item in value]}
        if kind is dict:
            return {"dict": [[self.encode(k), self.encode(v)] for k, v in value.items()]}
        if kind in (bytes, bytearray):
            return {kind.__name__: value.hex()}
        if issubclass(kind, Remote) and value._peer is self:
            return {"yours": value._handle}
        name = "%s.%s" % (kind.__module__, kind.__qualname__)
        if name in REBUILT and getattr(value, "tzinfo", None) is None:
            return {"rebuild": [name, [self.encode(a) for a in REBUILT[name](value)]]}
        if isinstance(value, type) and issubclass(value, BaseException):
            return {"exception": self._lineage(value)}
        # The tests take types by name, and give functions too.
        if self.guarded or isinstance(value, type):
            known = getattr(builtins, str(getattr(value, "__name__", "")), None)
        else:
            known = None
        if known is value:
            return {"builtin": value.__name__}
        if name == "builtins.type" and (value.__module__, value.__name__) == ("sqlite3", "Row"):
            return {"row": True}
        for base in (str, int, float, bytes, tuple, list, dict, set):
            if isinstance(value, base):
                return self.encode(_plain(base, value))
        return {"mine": [self._export(value), kind.__name__]}

    def _export(self, value):
        handle = self.handles.setdefault(id(value), len(self.handles) + 1)
        self.exported[handle] = value
        return handle

    def decode(self, coded):
        if isinstance(coded, list):
            return [self.decode(item) for item in coded]
        if not isinstance(coded, dict):
            return coded
        ((tag, content),) = coded.items()
        if tag == "int":
            return int(content, 16)
        if tag in ("tuple", "set", "frozenset"):
            return getattr(builtins, tag)(self.decode(item) for item in content)
        if tag == "dict":
            return {self.decode(k): self.decode(v) for k, v in content}
        if tag in ("bytes", "bytearray"):
            return getattr(builtins, tag).fromhex(content)
        if tag == "yours":
            return self.exported[content]
        if tag == "mine":
            remote = Awaited if content[1] == "coroutine" else Remote
            return remote(self, int(content[0]), str(content[1]))
        if tag == "exception":
            return self._class(content)
        if tag == "builtin":
            value = getattr(builtins, content)
            if self.guarded and not isinstance(value, type):
                raise Gone("a message is malformed")
            return value
        if tag == "row":
            # What row_factory is set to, on a connection that belongs to the other side.
            return importlib.import_module("sqlite3").Row
        if tag == "rebuild" and content[0] in REBUILT:
            module, name = content[0].rsplit(".", 1)
            return getattr(importlib.import_module(module), name)(*[self.decode(a) for a in content[1]])
        raise Gone("a message is malformed")

    # Exceptions

    def _describe(self, error):
        args = [self.encode(a if type(a) in (int, float, str, bytes) else repr(a)) for a in error.args]
        return {"class": self._lineage(type(error)), "args": args}

    def _lineage(self, cls):
        return [[c.__module__, c.__qualname__] for c in cls.__mro__ if issubclass(c, BaseException)]

    def _class(self, lineage):
        """The class itself where the library has it, else one of that name with the same ancestor."""
        for i, (module, name) in enumerate(lineage):
            known = _library_exception(module, name)
            if known is not None:
                break
        else:
            raise Gone("a message is malformed")
        if i == 0:
            return known
        module, name = lineage[0]
        key = (str(module), str(name))
        if key not in self.classes:
            self.classes[key] = type(str(name), (known,), {"__module__": str(module)})
        return self.classes[key]

    def _exception(self, described):
        cls, args = self._class(described["class"]), self.decode(described["args"])
        try:
            return cls(*args)
        except Exception:
            error = cls.__new__(cls)
            error.args = tuple(args)
            return error


def _library_exception(module, name):
    if module.split(".")[0] not in LIBRARY:
        return None
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


LIBRARY = frozenset(
    "builtins sqlite3 subprocess json socket ssl zipfile tarfile xml pickle struct zlib binascii configparser "
    "csv shutil urllib http email decimal asyncio concurrent queue lzma ast tokenize uuid argparse".split()
)
MUTABLE = (list, dict, set, bytearray)


def _plain(base, value):
    """The built-in value under a subclass, asked of the base: the subclass may have its own ideas."""
    if base in (str, bytes):
        return base.__getitem__(value, slice(None)) if base is bytes else str.__str__(value) + ""
    if base is int:
        return int.__add__(value, 0)
    if base is float:
        return float.__add__(value, 0.0)
    if base is dict:
        return dict(dict.items(value))
    return base(base.__iter__(value))


def _overwrite(old, new):
    """What the candidate did in place to an argument that crossed by copy."""
    if type(old) in (list, bytearray):
        old[:] = new
    elif type(old) in (dict, set):
        old.clear()
        old.update(new)


class Streams:
    """For the length of a call: the streams (and `input`) that the tests put in place of the real ones."""

    def __init__(self, streams):
        import sys

        self.places = [(builtins if name == "input" else sys, name, s) for name, s in streams.items()]

    def __enter__(self):
        self.before = [(owner, name, getattr(owner, name)) for owner, name, _ in self.places]
        for owner, name, stream in self.places:
            setattr(owner, name, stream)

    def __exit__(self, *error):
        for owner, name, stream in self.before:
            setattr(owner, name, stream)
