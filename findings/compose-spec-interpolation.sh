#!/usr/bin/env bash
# compose_spec, the Compose specification as pydantic models, refuses ports with a variable in them.
#
# Versions: compose_spec 0.2.1. Seen: 2026-11-28.
# Most would expect: a model of the Compose specification takes what the specification allows, and
#   interpolation (`${PORT:-8080}`) is allowed in every value.
# What is: a port is parsed as numbers when the model is created, so a variable in it is a validation
#   error, in the short and the long form; other values accept it as text. Interpolate before you parse.
source "$(dirname "$0")/ground.sh"
install compose_spec==0.2.1
python <<'PY'
import compose_spec

def takes(service):
    text = "services:\n  api:\n    image: example\n" + service
    try:
        compose_spec.PyOptions().from_yaml(text).validate()
    except ValueError:
        return "refused"
    return "taken"

seen = {
    "a command": takes("    command: ${COMMAND:-serve}\n"),
    "a port, short form": takes("    ports: ['127.0.0.1:${PORT:-8080}:8080']\n"),
    "a port, long form": takes("    ports:\n      - target: 8080\n        published: '${PORT:-8080}'\n"),
    "a port without a variable": takes("    ports: ['127.0.0.1:8080:8080']\n"),
}
for what, result in seen.items():
    print(f"{what:26} {result}")
assert [*seen.values()] == ["taken", "refused", "refused", "taken"]
PY
