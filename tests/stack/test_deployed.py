"""The outputs of the last `up` restrict the next one."""

from types import SimpleNamespace

import pulumi
import pytest

from stack import deployed
from stack.settings import SettingsError
from tests.stack import recorder
from tests.stack.conftest import OLD_VPC, VARIANTS


@pytest.mark.parametrize(
    ("change", "was"),
    [
        ({"region": "fra"}, "sfo"),
        ({"name": "other"}, "heartbeat-dev"),
        ({"network": "public"}, "vpc"),
        ({"vpcId": OLD_VPC}, ""),
    ],
)
def test_a_deployed_stack_cannot_move(change: dict[str, str], was: str) -> None:
    before = recorder.run().exports

    with pytest.raises(SettingsError) as caught:
        recorder.run(change, before=before)

    ((key, value),) = change.items()
    assert f"{key} = {value!r}: this stack was deployed with {was!r}" in str(caught.value)
    assert "set it back" in str(caught.value)


def test_an_app_without_clusters_of_its_own_may_change_its_network() -> None:
    chosen = VARIANTS["existing clusters"]
    before = recorder.run(chosen).exports

    recorder.run({**chosen, "network": "public", "vpcId": ""}, before=before)
    with pytest.raises(SettingsError, match="region = 'fra'"):
        recorder.run({**chosen, "region": "fra"}, before=before)


def test_a_stack_of_an_older_version_keeps_its_place() -> None:
    assert recorder.run(before={"url": "https://heartbeat.example"}).exports["place"] == {
        "name": "heartbeat-dev",
        "region": "sfo",
        "network": "vpc",
        "vpcId": "",
    }


@pytest.mark.parametrize(
    ("failures", "attempts"), [(["failed to load checkpoint: EOF"] * 4, 5), (["no access"], 1)]
)
def test_a_state_that_is_being_written_is_read_again(
    monkeypatch: pytest.MonkeyPatch, failures: list[str], attempts: int
) -> None:
    calls: list[str] = []

    def invoke(function: str, _: object) -> object:
        calls.append(function)
        if len(calls) <= len(failures):
            raise Exception(failures[len(calls) - 1])  # noqa: TRY002 - as the SDK does
        return SimpleNamespace(value={"outputs": {"url": "https://heartbeat.example"}})

    monkeypatch.setattr(pulumi.runtime, "invoke", invoke)

    if attempts > len(failures):
        assert deployed.outputs() == {"url": "https://heartbeat.example"}
    else:
        with pytest.raises(Exception, match="no access"):
            deployed.outputs()
    assert calls == [deployed.READ] * attempts
