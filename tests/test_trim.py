"""`.ci/trim.py` makes extension modules smaller, and they still load."""

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import asyncpg
import pytest

TRIM = Path(__file__).parents[1] / ".ci" / "trim.py"
EXTENSION = next(Path(asyncpg.__file__).parent.glob("protocol/protocol.*.so"))


@pytest.fixture(scope="module")
def trim() -> ModuleType:
    spec = importlib.util.spec_from_file_location("trim", TRIM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def extension(tmp_path: Path) -> Path:
    """A copy of an extension module from its wheel, with symbols."""
    path = tmp_path / EXTENSION.name
    shutil.copyfile(EXTENSION, path)
    path.chmod(0o750)
    return path


def test_a_stripped_extension_is_smaller_keeps_its_mode_and_loads(
    trim: ModuleType, extension: Path
) -> None:
    (extension.parent / "link.so").symlink_to(extension)
    (extension.parent / "text.so").write_text("no binary")

    assert trim.binaries(extension.parent) == [extension]
    trim.strip([extension])

    assert extension.stat().st_size < EXTENSION.stat().st_size / 2
    assert extension.stat().st_mode & 0o777 == 0o750
    spec = importlib.util.spec_from_file_location("asyncpg.protocol.protocol", extension)
    assert spec is not None
    assert importlib.util.module_from_spec(spec) is not None


def test_a_file_that_cannot_be_stripped_is_reported_and_unchanged(
    trim: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = tmp_path / "damaged.so"
    damaged.write_bytes(b"\x7fELF and no more")

    trim.strip(trim.binaries(tmp_path))

    assert f"not stripped: {damaged}" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [damaged]
    assert damaged.read_bytes() == b"\x7fELF and no more"


def test_without_strip_the_message_names_what_to_install(
    trim: ModuleType,
    extension: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", str(extension.parent))

    trim.strip([extension])

    assert "install binutils" in capsys.readouterr().err
    assert extension.read_bytes() == EXTENSION.read_bytes()


def test_extensions_are_named_as_they_are_imported_and_bundled_libraries_are_not(
    trim: ModuleType, tmp_path: Path
) -> None:
    for name in ("top.abi3.so", "some/deep/inner.so", "some.libs/libother.so", "some/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    assert trim.extensions(tmp_path) == ["some.deep.inner", "top"]


def test_a_module_that_does_not_load_fails_the_build_and_is_named(trim: ModuleType) -> None:
    trim.load(["asyncpg.protocol.protocol"])

    with pytest.raises(SystemExit, match="does not load: nothing_of_this_name"):
        trim.load(["json", "nothing_of_this_name", "xml"])
