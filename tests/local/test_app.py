import socket

import pytest

from local.app import app_environment, require_free
from local.server import StartError


def test_what_a_shell_holds_of_the_stores_kind_does_not_get_mixed_in() -> None:
    shell = {
        "PATH": "/bin",
        "AWS_PROFILE": "live",
        "PG_CA_CERT": "live",
        "PGHOST": "live",
        "IAM_CLIENT_KEY": "live",
    }

    environment = app_environment(shell, {"PGHOST": "127.0.0.1"})

    assert "live" not in environment.values()
    assert environment["PATH"] == "/bin"
    assert environment["PGHOST"] == "127.0.0.1"


def test_no_http_proxy_stands_before_this_machine() -> None:
    environment = app_environment({"NO_PROXY": "intranet"}, {})

    assert environment["NO_PROXY"] == environment["no_proxy"] == "intranet,127.0.0.1,localhost"


def test_a_port_in_use_is_refused_with_a_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        with pytest.raises(StartError, match=f"port {port} is in use; .*--port {port + 1}"):
            require_free(port)


def test_a_free_port_is_taken_as_such() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    require_free(port)
