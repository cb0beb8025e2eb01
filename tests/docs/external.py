"""The external programs in the docs, with the reasons why no test runs them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class External:
    """An external program.

    Attributes:
        why: Why no test runs it.
        forms: The subcommands in the docs, each with its options.
    """

    why: str
    forms: dict[str, set[str]]


EXTERNAL = {
    "pulumi": External(
        "it needs an account; tests/stack/engine runs the real one on stand-ins",
        {
            "login": {"--local"},
            "cancel": {"--yes"},
            "stack init": {"--secrets-provider"},
            "stack export": {"--file", "--show-secrets"},
            "stack import": {"--file"},
            "stack change-secrets-provider": set(),
            "stack": {"--show-urns"},
            "stack select": {"--create"},
            "stack output": {"--stack"},
            "config set": {"--secret", "--path", "--plaintext"},
            "config rm": set(),
            "plugin install": set(),
            "up": {"--stack", "--target-replace", "--target-dependents"},
            "preview": {"--diff", "--stack"},
            "destroy": {"--stack", "--skip-preview"},
            "refresh": {
                "--preview-only",
                "--expect-no-changes",
                "--clear-pending-creates",
            },
        },
    ),
    "doctl": External(
        "it needs a DigitalOcean account",
        {
            "apps logs": {"--follow", "--no-prefix"},
            "apps console": set(),
            "apps create-deployment": set(),
            "databases list": set(),
            "databases db create": set(),
            "databases user create": set(),
            "databases firewalls append": {"--rule"},
            "registry login": set(),
            "spaces keys create": {"--grants"},
            "vpcs list": set(),
        },
    ),
    "aws": External(
        "it needs an AWS account",
        {
            "iam get-role": {"--role-name", "--query"},
            "iam update-assume-role-policy": {"--role-name", "--policy-document"},
            "kms describe-key": set(),
            "secretsmanager describe-secret": {"--secret-id"},
            "secretsmanager list-secret-version-ids": {
                "--secret-id",
                "--include-deprecated",
                "--query",
            },
            "secretsmanager restore-secret": set(),
        },
    ),
    "terraform": External(
        "it runs in the older app's folder", {"state rm": set(), "apply": set(), "destroy": set()}
    ),
    "npx": External(
        "it contacts a package index; tests/web/types_js.py makes the declarations",
        {"": {"-p", "--allowJs", "--declaration", "--emitDeclarationOnly", "--target"}},
    ),
    "uv": External("it contacts a package index", {"sync": set(), "lock": {"--upgrade"}}),
    "docker": External(
        "it needs Docker; tests/platform/test_containers.py runs the real one",
        {"compose up": {"--build"}, "compose run": {"--rm"}},
    ),
    "git": External("it needs the repository's home", {"tag": set(), "push": {"--tags"}}),
    "date": External("it is the system's own", {"": {"-u"}}),
    "psql": External("it needs a deployed database", {"": {"--command"}}),
    "promtool": External("it comes with Prometheus", {"check rules": set(), "test rules": set()}),
    "jq": External("it is the reader's own", {"": {"--slurp"}}),
    "openssl": External("it needs a deployed database", {"s_client": {"-connect", "-starttls"}}),
}
# Modules that are not ours, with the options that the docs and the Makefile use.
TOOLS = {
    "pytest": {
        "-k",
        "-x",
        "-n",
        "--dist",
        "--no-loadscope-reorder",
        "--max-worker-restart",
        "--cov",
        "--durations",
    },
    "ruff": {"--check", "--fix"},
    "mypy": set(),
}


def form_of(words: Sequence[str]) -> tuple[str, str]:
    """Return program and form of the entry in `EXTERNAL` that allows a command.

    Raises:
        AssertionError: No entry allows it.
    """
    program, rest = words[0].rpartition("/")[2], list(words[1:])
    forms = EXTERNAL[program].forms
    fitting = [form for form in forms if rest[: len(form.split())] == form.split()]
    assert fitting, f"{program} {' '.join(rest)}: no such form is on the list"
    form = max(fitting, key=len)
    options = {word for word in rest if re.fullmatch(r"--?[a-zA-Z][\w-]*", word)}
    assert options <= forms[form], f"{program} {form}: {options - forms[form]} is not on the list"
    return program, form
