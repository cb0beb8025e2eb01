from pathlib import Path

from stack.preflight import configuration
from tests.stack.recorder import ROOT

PROJECT = ROOT / "Pulumi.yaml"


def _stack(folder: Path, text: str) -> Path:
    path = folder / "Pulumi.test.yaml"
    path.write_text("config:\n  aws:region: us-west-2\n" + text)
    return path


def test_a_good_stack_is_good(tmp_path: Path) -> None:
    stack = _stack(
        tmp_path,
        "  heartbeat:imageGit: https://github.com/example/heartbeat.git\n"
        "  heartbeat:dashboardPassword:\n    secure: v1:abc\n",
    )
    values = configuration.values(PROJECT, stack)

    (finding,) = configuration.check(values, stack)

    assert finding.verdict == "good"


def test_mistakes_are_reported_with_their_remedies(tmp_path: Path) -> None:
    stack = _stack(tmp_path, "  heartbeat:region: sfo3\n  heartbeat:public: true\n")
    values = configuration.values(PROJECT, stack)

    found = list(configuration.check(values, stack))

    assert {f.verdict for f in found} == {"bad"}
    assert any("three letters" in f.remedy for f in found)
    assert any("set exactly one" in f.remedy for f in found)


def test_a_misspelt_key_is_named(tmp_path: Path) -> None:
    stack = _stack(tmp_path, "  heartbeat:intervalSecond: 30\n")
    values = configuration.values(PROJECT, stack)

    found = configuration.check(values, stack)

    assert any(f.verdict == "warning" and "intervalSecond" in f.says for f in found)


def test_a_missing_stack_is_named(tmp_path: Path) -> None:
    stack = tmp_path / "Pulumi.prod.yaml"
    values = configuration.values(PROJECT, stack)

    found = list(configuration.check(values, stack))

    assert found[0].remedy == "pulumi stack init prod"
