import io
import os
import tarfile
import tempfile

import candidate


def packed(files, mode="w"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def test_unpacks():
    with tempfile.TemporaryDirectory() as store:
        names = candidate.import_dataset(packed({"b/data.csv": b"1,2\n", "README": b"hi"}), store, "iris")
        assert list(names) == ["README", "b/data.csv"]
        with open(os.path.join(store, "iris", "b", "data.csv"), "rb") as file:
            assert file.read() == b"1,2\n"


def test_gzipped():
    with tempfile.TemporaryDirectory() as store:
        assert list(candidate.import_dataset(packed({"x": b"1"}, "w:gz"), store, "x")) == ["x"]


def test_the_folder_must_be_new():
    with tempfile.TemporaryDirectory() as store:
        os.mkdir(os.path.join(store, "iris"))
        try:
            candidate.import_dataset(packed({"x": b"1"}), store, "iris")
        except FileExistsError:
            assert os.listdir(os.path.join(store, "iris")) == []
            return
    assert False, "no FileExistsError"
