import os
import tarfile
import tempfile

import candidate


def packed(project, label, files):
    with tempfile.TemporaryDirectory() as workspace:
        for name, text in files.items():
            path = os.path.join(workspace, project, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(text)
        archive = str(candidate.pack_project(workspace, project, label))
        assert archive == os.path.join(workspace, f"{project}-{label}.tar")
        with tarfile.open(archive) as tar:
            return {m.name: tar.extractfile(m).read().decode() for m in tar.getmembers() if m.isfile()}


def test_packs_the_files():
    assert packed("site", "monday", {"index.html": "hello"}) == {"site/index.html": "hello"}


def test_packs_folders_within():
    found = packed("site", "v2", {"a/b/c.txt": "deep", "d.txt": "flat"})
    assert found == {"site/a/b/c.txt": "deep", "site/d.txt": "flat"}


def test_an_empty_file():
    assert packed("lib", "x", {"empty": ""}) == {"lib/empty": ""}
