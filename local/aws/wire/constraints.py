"""Parameters checked against the constraints in AWS's own models, which botocore carries."""

import re
from collections.abc import Iterator
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

from local.aws.wire.errors import invalid

_TYPES: dict[str, type] = {
    "structure": dict, "list": list, "string": str, "blob": str, "integer": int, "boolean": bool,
}  # fmt: skip


def service_model(service: str) -> ServiceModel:
    """Return AWS's model of `service`, from botocore's data; reads a file."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def check(model: ServiceModel, operation: str, parameters: dict[str, Any]) -> None:
    """Refuse `parameters` that violate the model of `operation`'s input.

    Raises:
        AwsError: ValidationException with AWS's message; values that the model calls sensitive are
            not repeated.
    """
    shape = model.operation_model(operation).input_shape
    problems = list(_problems(shape, parameters, "")) if shape is not None else []
    if problems:
        count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected"
        raise invalid(f"{count}: {'; '.join(problems)}")


def _problems(shape: Shape, value: Any, path: str) -> Iterator[str]:  # Any: JSON, by the model
    if shape.type_name == "structure" and isinstance(value, dict):
        yield from _structure(shape, value, path)
    elif shape.type_name == "list" and isinstance(value, list):
        yield from _bounds(shape, value, path, len(value), "length")
        for index, each in enumerate(value, 1):
            yield from _problems(shape.member, each, f"{path}.{index}.member")
    elif shape.type_name in ("string", "blob") and isinstance(value, str):
        yield from _text(shape, value, path)
    elif shape.type_name == "integer" and isinstance(value, int):
        yield from _bounds(shape, value, path, value, "value")
    elif not isinstance(value, _TYPES.get(shape.type_name, object)):
        yield f"{_at(shape, value, path)}: Member must be of type {shape.type_name}"


def _structure(shape: Shape, value: dict[str, Any], path: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            at = _join(path, name)
            yield f"Value null at '{at}' failed to satisfy constraint: Member must not be null"
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from _problems(member, value[name], _join(path, name))


def _text(shape: Shape, value: str, path: str) -> Iterator[str]:
    length = len(value) if shape.type_name == "string" else len(value) * 3 // 4  # base64
    yield from _bounds(shape, value, path, length, "length")
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(pattern, value):
        rule = f"Member must satisfy regular expression pattern: {pattern}"
        yield f"{_at(shape, value, path)}: {rule}"
    choices = shape.metadata.get("enum")
    if choices and value not in choices:
        yield f"{_at(shape, value, path)}: Member must satisfy enum value set: {choices}"


def _bounds(shape: Shape, value: Any, path: str, size: int, what: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield f"{_at(shape, value, path)}: Member must have {what} greater than or equal to {least}"
    if most is not None and size > most:
        yield f"{_at(shape, value, path)}: Member must have {what} less than or equal to {most}"


def _at(shape: Shape, value: Any, path: str) -> str:
    shown = "Value" if shape.metadata.get("sensitive") else f"Value '{str(value)[:100]}'"
    return f"{shown} at '{path}' failed to satisfy constraint"


def _join(path: str, name: str) -> str:
    name = name[:1].lower() + name[1:]
    return f"{path}.{name}" if path else name
