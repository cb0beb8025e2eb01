"""The destination of a component's logs beside App Platform, by each component's own classes."""

from typing import Any

import pulumi
import pulumi_digitalocean as digitalocean

from stack.parts import AppArgs, hidden


def destinations(args: AppArgs, component: str) -> list[Any]:
    """Return the one destination, as a list; empty for App Platform alone.

    Args:
        args: Of the app.
        component: Service, Worker or Job, as the SDK's classes are called.
    """
    chosen = args.chosen.log_destination
    if chosen is None:
        return []
    token = hidden(args.chosen.log_token)
    prefix = f"AppSpec{component}LogDestination"

    def make(kind_: str, /, **values: object) -> Any:  # Any: the SDK has a class for each component
        return getattr(digitalocean, f"{prefix}{kind_}Args")(**values)

    kind, _, endpoint = chosen.partition(":")
    if kind == "datadog":
        return [
            make(
                "",
                name=kind,
                datadog=make("Datadog", api_key=token, endpoint=endpoint or None),
            )
        ]
    if kind == "logtail":
        return [make("", name=kind, logtail=make("Logtail", token=token))]
    if kind == "opensearch":
        login = pulumi.Output.from_input("" if token is None else token).apply(
            lambda text: text.split(":", 1)
        )
        auth = make(
            "OpenSearchBasicAuth",
            user=login.apply(lambda parts: parts[0]),
            password=login.apply(lambda parts: parts[-1]),
        )
        return [
            make("", name=kind, open_search=make("OpenSearch", endpoint=endpoint, basic_auth=auth))
        ]
    papertrail = make("Papertrail", endpoint=chosen)
    return [make("", name="papertrail", papertrail=papertrail)]
