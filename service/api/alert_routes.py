"""`/alerts`: targets, open alerts, and deliveries that wait or failed."""

from typing import Any  # Any: a part of an OpenAPI document

from starlette.requests import Request
from starlette.responses import Response

from schema.alerts import AlertEvent, Alerts
from service.api.routes import JSON


async def alerts(request: Request) -> Response:
    """Return open alerts, mutes, targets by kind, and the latest deliveries."""
    alerting = request.state.alerting
    if alerting is None:
        return Response(NOBODY.model_dump_json(), media_type=JSON)
    from service.alerts.status import status  # noqa: PLC0415 - only needed with targets

    return Response(status(alerting).model_dump_json(), media_type=JSON)


NOBODY = Alerts(
    enabled=False,
    decides=False,
    working=False,
    page_url=None,
    targets=[],
    open=[],
    mutes=[],
    recent=[],
)
"""The answer without targets."""

WEBHOOK = """\
What a target of kind `webhook+https` is sent, signed as standardwebhooks.com says. The header
`webhook-id` is the event's `id`: the same event may come twice. Any answer below 300 takes it.
401, 403 and 410 give it up at once; 429, and 503 with a Retry-After, are retried after that;
all else within a day.
"""


def describe_webhook(document: dict[str, Any]) -> None:
    """Describe the webhooks' requests in an OpenAPI document."""
    model = AlertEvent.model_json_schema(ref_template="#/components/schemas/{model}")
    for name, part in {**model.pop("$defs"), AlertEvent.__name__: model}.items():
        document["components"]["schemas"].setdefault(name, part)
    schema = {"$ref": f"#/components/schemas/{AlertEvent.__name__}"}
    document["webhooks"] = {
        "alert": {
            "post": {
                "summary": "Something happened to an alert",
                "description": WEBHOOK,
                "operationId": "alert",
                "tags": ["alerts"],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": schema}},
                },
                "responses": {"2XX": {"description": "It is taken"}},
            }
        }
    }
