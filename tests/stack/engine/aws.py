"""Create the aws provider's resources in the stand-in AWS, so that ARNs and policies are real."""

from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

Values = dict[str, Any]
DEADLINES = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 1})


class Account:
    """An operator of one stand-in AWS.

    Args:
        environ: `RunningAws.operator_environment()`.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._session = boto3.Session(
            aws_access_key_id=environ["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environ["AWS_SECRET_ACCESS_KEY"],
            region_name=environ["AWS_REGION"],
        )
        self._environ = environ

    def client(self, name: str) -> Any:  # Any: boto3's clients are made at run time
        return self._session.client(
            name,
            endpoint_url=self._environ["AWS_ENDPOINT_URL"],
            verify=self._environ["AWS_CA_BUNDLE"],
            config=DEADLINES,
        )

    def create(self, kind: str, inputs: Values) -> tuple[str, Values]:
        """Create a resource; return its id and the outputs that AWS computes."""
        id_, computed = getattr(self, f"_create_{kind}")(inputs)
        return str(id_), dict(computed)

    def read(self, kind: str, id_: str) -> Values | None:
        """Return the properties of a resource that AWS may have changed; None if it is gone."""
        read = getattr(self, f"_read_{kind}", None)
        try:
            return dict(read(id_)) if read else {}
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return None
            raise

    def update(self, kind: str, id_: str, inputs: Values) -> None:
        """Update a resource of a kind that the program updates; raise for other kinds."""
        getattr(self, f"_update_{kind}")(id_, inputs)

    def delete(self, kind: str, id_: str) -> None:
        getattr(self, f"_delete_{kind}")(id_)

    def _create_Secret(self, inputs: Values) -> tuple[str, Values]:  # noqa: N802 - the kind's name
        made = self.client("secretsmanager").create_secret(
            Name=inputs["name"],
            Description=inputs["description"],
            **({"KmsKeyId": key} if (key := inputs.get("kmsKeyId")) else {}),
        )
        return made["ARN"], {"arn": made["ARN"]}

    def _read_Secret(self, id_: str) -> Values:  # noqa: N802 - as above
        response = self.client("secretsmanager").describe_secret(SecretId=id_)
        return {"description": response["Description"]}

    def _update_Secret(self, id_: str, inputs: Values) -> None:  # noqa: N802 - as above
        """Do nothing: the program changes only `protect`, which exists only in Pulumi."""

    def _delete_Secret(self, id_: str) -> None:  # noqa: N802 - as above
        self.client("secretsmanager").delete_secret(SecretId=id_, RecoveryWindowInDays=7)

    def _create_SecretVersion(self, inputs: Values) -> tuple[str, Values]:  # noqa: N802 - as above
        stages = {"VersionStages": s} if (s := inputs.get("versionStages")) else {}
        made = self.client("secretsmanager").put_secret_value(
            SecretId=inputs["secretId"], SecretString=inputs["secretString"], **stages
        )
        id_ = f"{made['ARN']}|{made['VersionId']}"
        return id_, {"versionId": made["VersionId"], **self._read_SecretVersion(id_)}

    def _read_SecretVersion(self, id_: str) -> Values:  # noqa: N802 - as above
        arn, version = id_.split("|")
        response = self.client("secretsmanager").get_secret_value(SecretId=arn, VersionId=version)
        return {"versionStages": sorted(response["VersionStages"])}

    def _create_TrustAnchor(self, inputs: Values) -> tuple[str, Values]:  # noqa: N802 - as above
        made = self.client("rolesanywhere").create_trust_anchor(**_anchor(inputs))["trustAnchor"]
        return made["trustAnchorId"], {"arn": made["trustAnchorArn"]}

    def _delete_TrustAnchor(self, id_: str) -> None:  # noqa: N802 - as above
        self.client("rolesanywhere").delete_trust_anchor(trustAnchorId=id_)

    def _create_Profile(self, inputs: Values) -> tuple[str, Values]:  # noqa: N802 - as above
        made = self.client("rolesanywhere").create_profile(
            name=inputs["name"],
            roleArns=inputs["roleArns"],
            durationSeconds=int(inputs["durationSeconds"]),
            enabled=inputs["enabled"],
        )["profile"]
        return made["profileId"], {"arn": made["profileArn"]}

    def _delete_Profile(self, id_: str) -> None:  # noqa: N802 - as above
        self.client("rolesanywhere").delete_profile(profileId=id_)

    def _create_Role(self, inputs: Values) -> tuple[str, Values]:  # noqa: N802 - as above
        made = self.client("iam").create_role(
            RoleName=inputs["name"],
            AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
            MaxSessionDuration=int(inputs["maxSessionDuration"]),
        )["Role"]
        return made["RoleName"], {"arn": made["Arn"]}

    def _update_Role(self, id_: str, inputs: Values) -> None:  # noqa: N802 - as above
        self.client("iam").update_assume_role_policy(
            RoleName=id_, PolicyDocument=inputs["assumeRolePolicy"]
        )

    def _delete_Role(self, id_: str) -> None:  # noqa: N802 - as above
        self.client("iam").delete_role(RoleName=id_)

    def _create_RolePolicy(self, inputs: Values) -> tuple[str, Values]:  # noqa: N802 - as above
        self.client("iam").put_role_policy(
            RoleName=inputs["role"], PolicyName=inputs["name"], PolicyDocument=inputs["policy"]
        )
        return f"{inputs['role']}:{inputs['name']}", {}

    def _update_RolePolicy(self, id_: str, inputs: Values) -> None:  # noqa: N802, ARG002 - as above
        self._create_RolePolicy(inputs)

    def _delete_RolePolicy(self, id_: str) -> None:  # noqa: N802 - as above
        role, name = id_.split(":")
        self.client("iam").delete_role_policy(RoleName=role, PolicyName=name)


def _anchor(inputs: Values) -> Values:
    data = inputs["source"]["sourceData"]["x509CertificateData"]
    source = {
        "sourceType": inputs["source"]["sourceType"],
        "sourceData": {"x509CertificateData": data},
    }
    notices = [{**n, "threshold": int(n["threshold"])} for n in inputs["notificationSettings"]]
    return {
        "name": inputs["name"],
        "source": source,
        "enabled": inputs["enabled"],
        "notificationSettings": notices,
    }
