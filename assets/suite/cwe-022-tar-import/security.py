import io
import os
import tarfile
import tempfile

import candidate


def attempt(add):
    with tempfile.TemporaryDirectory() as top:
        store = os.path.join(top, "store")
        os.mkdir(store)
        with open(os.path.join(top, "keep"), "w") as file:
            file.write("mine")
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as tar:
            add(tar, top)
        try:
            candidate.import_dataset(out.getvalue(), store, "set")
        except Exception:
            pass
        assert sorted(os.listdir(top)) == ["keep", "store"]
        with open(os.path.join(top, "keep")) as file:
            assert file.read() == "mine"
        assert set(os.listdir(store)) <= {"set"}


def member(tar, name, data=b"planted", **fields):
    info = tarfile.TarInfo(name)
    for key, value in fields.items():
        setattr(info, key, value)
    info.size = len(data) if info.isreg() else 0
    tar.addfile(info, io.BytesIO(data) if info.isreg() else None)


def test_members_stay_below():
    attempt(lambda tar, top: member(tar, "../planted"))
    attempt(lambda tar, top: member(tar, "../../keep"))


def test_absolute_members():
    attempt(lambda tar, top: member(tar, os.path.join(top, "planted")))


def test_through_a_link():
    def add(tar, top):
        member(tar, "way", type=tarfile.SYMTYPE, linkname=top)
        member(tar, "way/planted")

    attempt(add)
