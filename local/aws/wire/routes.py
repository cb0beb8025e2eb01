"""Find the operation of a method and a path, by AWS's own model of a REST service."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from botocore.model import ServiceModel

from local.aws.wire.errors import AwsError

Document = dict[str, Any]  # JSON, as the service model describes it


@dataclass(frozen=True)
class Call:
    """One operation with its parameters, from path, query and body.

    Attributes:
        status: The HTTP status of success.
    """

    operation: str
    parameters: Document
    status: int


class Routes:
    """The routes of one service."""

    def __init__(self, model: ServiceModel) -> None:
        self._routes = []
        for name in model.operation_names:
            http = model.operation_model(name).http
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", http["requestUri"])
            status = http.get("responseCode", 200)
            self._routes.append((http["method"], re.compile(pattern), name, status))
        self._model = model

    def find(self, method: str, path: str, query: dict[str, str], body: Document) -> Call:
        """Return the call that a request makes.

        Args:
            method: HTTP method.
            path: Still percent-encoded.
            query: Decoded.
            body: The JSON body's members.

        Raises:
            AwsError: No operation has this method and path.
        """
        for verb, pattern, operation, status in self._routes:
            match = pattern.fullmatch(path)
            if verb == method and match:
                found = {name: unquote(value) for name, value in match.groupdict().items()}
                parameters = {**self._typed(operation, query), **body, **found}
                return Call(operation, parameters, status)
        raise AwsError("UnknownOperationException", f"No operation is {method} {path}", 404)

    def _typed(self, operation: str, query: dict[str, str]) -> Document:
        """Convert query parameters to the types of the model."""
        shape = self._model.operation_model(operation).input_shape
        types = {name: member.type_name for name, member in shape.members.items()} if shape else {}
        return {
            name: int(value)
            if types.get(name) == "integer" and value.isdigit()
            else [value]
            if types.get(name) == "list"
            else value
            for name, value in query.items()
        }
