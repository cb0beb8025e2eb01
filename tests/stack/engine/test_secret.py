"""The stack's secret, after the worker's versions have pushed out its first version."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from local.aws.process import RunningAws
from local.aws.process import running as running_aws
from tests.stack.engine.aws import Account
from tests.stack.engine.conftest import NewEngine
from tests.stack.engine.pulumi import Engine

pytestmark = pytest.mark.engine
SLOT_S = 1800
TEN_DAYS = 10 * 24 * 3600 // SLOT_S
PUSHED_OUT = 110  # more versions than the 100 that AWS keeps
FIRST = "heartbeat-dev-first"
LABEL = "heartbeat-first"


@dataclass(frozen=True)
class Deployed:
    """A stack after its first `up`, and its secret as an operator sees it."""

    engine: Engine
    aws: RunningAws
    secrets: Any  # Any: boto3's clients are made at run time
    arn: str

    @property
    def value(self) -> dict[str, Any]:
        return dict(json.loads(self.secrets.get_secret_value(SecretId=self.arn)["SecretString"]))

    @property
    def stages(self) -> dict[str, list[str]]:
        """The stages of each version that has any."""
        return dict(self.secrets.describe_secret(SecretId=self.arn)["VersionIdsToStages"])

    def write(self, slots: int) -> None:
        """Write an operator's key and the worker's stamp in each of some slots."""
        for slot in range(slots):
            self.aws.control.advance(SLOT_S)
            value = json.dumps({"person": "key", "updated_at": slot})
            self.secrets.update_secret(SecretId=self.arn, SecretString=value, Description="beat")

    def refresh(self) -> None:
        self.engine.run("refresh", "--yes", "--skip-preview")


@pytest.fixture(scope="module")
def deployed(new_engine: NewEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    with running_aws(tmp_path_factory.mktemp("aws")) as aws:
        engine = new_engine(aws)
        engine.up()
        operator = Account(aws.operator_environment())
        arn = engine.run("stack", "output", "secretArn").out.strip()
        yield Deployed(engine, aws, operator.client("secretsmanager"), arn)


def test_after_ten_days_of_beats_and_a_refresh_an_up_is_empty(deployed: Deployed) -> None:
    deployed.write(TEN_DAYS)
    before = deployed.engine.log()

    deployed.refresh()
    shown = deployed.engine.preview()
    deployed.engine.up()

    assert deployed.value == {"person": "key", "updated_at": TEN_DAYS - 1}
    assert shown == {}
    assert deployed.engine.log() == before


def test_a_lost_first_version_is_created_again_and_does_not_become_current(
    deployed: Deployed,
) -> None:
    # Older programs gave the version no label, and an operator may remove the label.
    (first,) = (version for version, stages in deployed.stages.items() if LABEL in stages)
    deployed.secrets.update_secret_version_stage(
        SecretId=deployed.arn, VersionStage=LABEL, RemoveFromVersionId=first
    )
    deployed.write(PUSHED_OUT)

    deployed.refresh()
    shown = deployed.engine.preview()
    deployed.engine.up()

    assert shown == {f"create {FIRST}": []}
    assert deployed.value == {"person": "key", "updated_at": PUSHED_OUT - 1}
    assert [LABEL] in deployed.stages.values()
    assert deployed.engine.preview() == {}


def test_a_destroy_deletes_the_secret_and_not_its_version(deployed: Deployed) -> None:
    deployed.engine.configure(protectData=False)
    deployed.engine.up()
    before = len(deployed.engine.log())

    deployed.engine.run("destroy", "--yes", "--skip-preview")

    assert f"delete {FIRST}" not in deployed.engine.log()[before:]
    assert "DeletedDate" in deployed.secrets.describe_secret(SecretId=deployed.arn)
