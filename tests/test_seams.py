"""The boundaries between packages: the directions of imports, and facts in two places."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TypeGuard

import pytest

from service.sources import KINDS
from tests.syntax import imports, names_of, parsed

ROOT = Path(__file__).parents[1]
PARTS = ("schema", "service", "local", "stack")
ALLOWED = {
    "schema": {"schema"},
    "service": {"schema", "service"},
    "local": {"schema", "service", "local"},
    "stack": {"schema", "service", "stack"},
}
HEAVY = {
    "moto",
    "pulumi",
    "pulumi_aws",
    "pulumi_digitalocean",
    "pulumi_tls",
    "pytest",
    "playwright",
}
# Inside service: the other folders that each folder may import. All may import the modules beside
# the folders, except those that connect everything.
KNOWN = {
    "alerts": {"lease", "sql"},
    "aws": set[str](),
    "sources": {"aws", "sql"},
    "sql": set[str](),
    "history": {"sql"},
    "lease": {"sql"},
    "telemetry": set[str](),
    "worker": {"aws", "history", "lease", "sources", "telemetry"},
    "verdict": {"aws"},
    "api": {"alerts", "aws", "history", "sources", "telemetry", "verdict"},
}
# Inside the stand-in for AWS: the other folders that each service's folder may import.
STAND_IN = {
    "wire": set[str](),
    "iam": {"wire"},
    "rolesanywhere": {"iam", "wire"},
    "secretsmanager": {"iam", "wire"},
    "s3": {"iam", "wire"},
    "control": {"wire"},
}
# Documents and examples with a key of their own for a source.
SLUGS = {
    "service/api/examples.py": {"postgres", "valkey", "secrets_manager"},
    "service/api/live.py": {"iam"},
    "service/api/totals.py": {"iam"},
}
COMPOSITION = {"__main__", "alerts_command", "check", "connections", "migrate", "mute_command"}


def modules(part: str) -> Iterator[Path]:
    return (path for path in (ROOT / part).rglob("*.py") if "__pycache__" not in path.parts)


@pytest.mark.parametrize("part", PARTS)
def test_imports_between_folders_go_one_way(part: str) -> None:
    wrong = {
        f"{path.relative_to(ROOT)} -> {name}"
        for path in modules(part)
        for name in imports(path)
        if name.split(".")[0] in set(PARTS) - ALLOWED[part]
    }

    assert wrong == set()


def test_the_stack_imports_only_the_schemas_head() -> None:
    names = {n for path in modules("stack") for n in imports(path) if n.split(".")[0] == "schema"}

    assert names <= {"schema", "schema.migrations", "schema.migrations.head"}


def test_the_stack_imports_only_the_services_rules() -> None:
    names = {n for path in modules("stack") for n in imports(path) if n.split(".")[0] == "service"}

    assert names == {
        "service",
        "service.settings",
        "service.text",
        "service.aws",
        "service.aws.arns",
    }


@pytest.mark.parametrize("part", ["schema", "service"])
def test_the_service_imports_no_packages_of_tests_or_the_stack(part: str) -> None:
    assert not {n.split(".")[0] for path in modules(part) for n in imports(path)} & HEAVY


def parts_of_service() -> set[str]:
    return {path.parent.name for path in (ROOT / "service").glob("*/__init__.py")}


def test_every_folder_of_the_service_has_its_allowed_imports() -> None:
    assert parts_of_service() == set(KNOWN)


@pytest.mark.parametrize("part", KNOWN)
def test_imports_inside_the_service_go_one_way(part: str) -> None:
    known = {name.split(".")[1] for name in imported_of_service(part) if "." in name}

    assert known & set(KNOWN) - {part} <= KNOWN[part]
    assert known & COMPOSITION <= ({"connections"} if part in {"worker", "verdict"} else set())


def imported_of_service(part: str) -> set[str]:
    """Return a folder's imports from the service, as `service.folder.module`."""
    return {
        name
        for path in modules(f"service/{part}")
        for name in imports(path)
        if name.startswith("service.")
    }


@pytest.mark.parametrize("room", STAND_IN)
def test_imports_inside_the_stand_in_go_one_way(room: str) -> None:
    folder = ROOT / "local" / "aws"
    assert {path.parent.name for path in folder.glob("*/__init__.py")} == set(STAND_IN)
    names = {name for path in modules(f"local/aws/{room}") for name in imports(path)}
    known = {name.split(".")[2] for name in names if name.startswith("local.aws.")}

    assert known & set(STAND_IN) - {room} <= STAND_IN[room]


def test_sources_never_import_each_other() -> None:
    folder = ROOT / "service" / "sources"
    slugs = {path.stem for path in folder.iterdir() if path.stem[0].isalpha()}
    assert slugs == {kind.name for kind in KINDS}

    for path in folder.rglob("[a-z]*.py"):
        own = path.relative_to(folder).parts[0].removesuffix(".py")
        named = {name for name in imports(path) if name.startswith("service.sources.")}
        others = {name.split(".")[2] for name in named}

        assert not others & (slugs - {own}), path


def test_no_code_checks_the_type_of_a_store() -> None:
    stores = {"Source", "SourceSettings", "Settings", "Observation", "Details", "Kind", "Instance"}
    for path in modules("service/sources"):
        stores |= {n.name for n in ast.walk(parsed(path.read_text())) if is_class(n)}
    found = {
        f"{path.relative_to(ROOT)}: {ast.unparse(node)}"
        for path in modules("service")
        for node in ast.walk(parsed(path.read_text()))
        if types_asked_for(node) & stores
    }

    assert {"Postgres", "Valkey", "SecretsManager", "IdentitySource", "PostgresDetails"} <= stores
    assert found == set()


def test_only_sources_know_the_classes_of_a_store() -> None:
    packages = {f"service.sources.{kind.name}" for kind in KINDS}
    named = {
        name
        for path in modules("service")
        if "sources" not in path.relative_to(ROOT / "service").parts[:1]
        for name in imports(path)
        if name.startswith("service.sources.")
    }

    assert "service.sources.postgres" in named
    assert named <= packages | {"service.sources.KINDS"}


def test_only_its_own_package_and_the_edge_of_the_api_name_a_source() -> None:
    slugs = {kind.name for kind in KINDS}
    found: dict[str, set[str]] = {}
    for path in modules("service"):
        name = str(path.relative_to(ROOT))
        nodes = ast.walk(parsed(path.read_text()))
        texts = {n.value for n in nodes if isinstance(n, ast.Constant)}
        literals = {each for each in slugs if each in texts}
        if literals:
            found[name] = literals
    own = {
        name
        for name, literals in found.items()
        for slug in slugs
        if literals == {slug} and name.startswith(f"service/sources/{slug}/")
    }

    assert "service/sources/valkey/__init__.py" in own
    assert {name: found[name] for name in found.keys() - own} == SLUGS


def is_class(node: ast.AST) -> TypeGuard[ast.ClassDef]:
    return isinstance(node, ast.ClassDef)


def types_asked_for(node: ast.AST) -> set[str]:
    """Return the types named in isinstance, issubclass, a case of match, or `is`."""
    if isinstance(node, ast.MatchClass):
        return {ast.unparse(node.cls).rpartition(".")[2]}
    if isinstance(node, ast.Compare) and ast.unparse(node.left).startswith("type("):
        return {ast.unparse(each).rpartition(".")[2] for each in node.comparators}
    called = isinstance(node, ast.Call) and ast.unparse(node.func)
    if not isinstance(node, ast.Call) or called not in {"isinstance", "issubclass"}:
        return set()
    named = [n for n in ast.walk(node.args[1]) if isinstance(n, ast.Name | ast.Attribute)]
    return {ast.unparse(each).rpartition(".")[2] for each in named}


def test_no_modules_import_each_other_in_a_circle() -> None:
    paths = {module_of(path): path for part in (*PARTS, "bench") for path in modules(part)}
    graph = {name: imports(path) & paths.keys() - {name} for name, path in paths.items()}
    for name, imported in graph.items():  # of `from package import module`, only the module
        packages = {each.rpartition(".")[0] for each in imported if each.rpartition(".")[0]}
        only = {each for each in packages if not names_of(paths[name], each) - paths.keys()}
        graph[name] = imported - only

    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def test_the_environment_is_read_in_one_place() -> None:
    readers = {
        str(path.relative_to(ROOT))
        for path in modules("service")
        if re.search(r"\(os\.environ|os\.environ\[|getenv", path.read_text())
    }

    assert readers == {"service/__main__.py"}  # which hands it to service/settings.py


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("service.worker.beat", {"fastapi", "alembic", "sqlalchemy", "moto", "pulumi"}),
        (
            "service.api.app",
            {"fastapi", "asyncpg", "sqlalchemy", "redis", "boto3", "alembic", "moto"},
        ),
        ("service.history.reader", {"sqlalchemy", "sqlmodel", "alembic"}),
        ("service.alerts.alerting", {"sqlalchemy", "sqlmodel", "alembic"}),
        ("service.sources.postgres.store", {"sqlalchemy", "sqlmodel", "alembic", "redis"}),
        ("service.migrate", {"fastapi", "sqlalchemy", "moto", "pulumi"}),
        ("schema.responses", {"fastapi", "alembic", "sqlalchemy", "boto3"}),
    ],
)
def test_each_process_imports_only_what_it_needs(module: str, unwanted: set[str]) -> None:
    program = f"import sys, {module}; print(*sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()

    assert not unwanted & set(loaded)
