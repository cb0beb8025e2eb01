import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
MORE = '''

class More(SQLModel, table=True):
    """A table without a migration."""

    __tablename__ = "heartbeat_more"

    id: int = Field(primary_key=True)
'''


def test_a_migration_contains_the_new_parts_of_the_tables(tmp_path: Path) -> None:
    for part in ("schema", "service", "local"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / part, tmp_path / part, ignore=ignored)
    with (tmp_path / "schema" / "tables.py").open("a") as tables:
        tables.write(MORE)
    versions = tmp_path / "schema" / "migrations" / "versions"
    before = set(versions.glob("*.py"))

    command = [sys.executable, "-m", "local.migration", "add more"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)

    (written,) = set(versions.glob("*.py")) - before
    text = written.read_text()
    assert f"{int(max(before).name[:4]) + 1:04}" == written.name[:4]
    assert text.count("op.create_table") == 1
    assert "heartbeat_more" in text
    assert "op.drop_column" not in text
    assert "op.alter_column" not in text


def test_without_a_name_it_prints_its_usage() -> None:
    command = [sys.executable, "-m", "local.migration", " "]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert 'make migration name="add …"' in done.stderr
