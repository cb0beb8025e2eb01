"""The parameters of CreateSession, read and checked."""

import json

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from local.aws.wire.errors import AwsError, invalid
from local.aws.wire.message import Request

MAX_BODY = 16_384  # bytes; AWS's own limit is unproved
_WORDS = {
    "missing": "Member must not be null",
    "greater_than_equal": "Member must have value greater than or equal to 900",
    "less_than_equal": "Member must have value less than or equal to 43200",
}


class SessionRequest(BaseModel):
    """The parameters of CreateSession.

    https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html
    """

    model_config = ConfigDict(alias_generator=to_camel)

    profile_arn: str
    role_arn: str
    trust_anchor_arn: str
    duration_seconds: int | None = Field(default=None, ge=900, le=43_200)
    role_session_name: str | None = Field(default=None, pattern=r"^[\w+=,.@-]{2,64}$")
    instance_properties: dict[str, str] | None = None


def parse(request: Request) -> SessionRequest:
    """Parse the parameters, from the query and the JSON body.

    Raises:
        AwsError: ValidationException or SerializationException, 400.
    """
    try:
        parameters = {**dict(request.query), **json.loads(request.body or b"{}")}
        return SessionRequest.model_validate(parameters)
    except ValidationError as error:
        raise invalid(_problems(error)) from None
    except (ValueError, TypeError):
        raise AwsError("SerializationException", "The body is not a JSON object", 400) from None


def _problems(error: ValidationError) -> str:
    """List violated constraints, with AWS's messages as far as they are known."""
    problems = [
        f"Value '{'null' if each['type'] == 'missing' else each['input']}' at '{each['loc'][0]}' "
        f"failed to satisfy constraint: {_WORDS.get(each['type'], each['msg'])}"
        for each in error.errors()
    ]
    many = "s" if len(problems) > 1 else ""
    return f"{len(problems)} validation error{many} detected: {'; '.join(problems)}"
