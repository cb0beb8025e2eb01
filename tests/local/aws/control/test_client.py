"""Faults, counters and limits over the control's HTTP API."""

import http.client
import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError

from local.aws.process import RunningAws
from tests.local.aws.clients import Clients

SECRET = {"SecretId": "heartbeat/local"}


def describe(clients: Clients) -> Any:
    return clients.operator("secretsmanager").describe_secret(**SECRET)


def test_an_operation_fails_as_often_as_requested(clients: Clients) -> None:
    clients.aws.control.fail("DescribeSecret", "InternalServiceError", status=500, times=2)

    codes = []
    for _ in range(2):
        with pytest.raises(ClientError) as caught:
            describe(clients)
        codes.append(caught.value.response["Error"]["Code"])

    assert codes == ["InternalServiceError"] * 2
    assert describe(clients)["Name"] == "heartbeat/local"


def test_a_fault_of_one_operation_leaves_the_others_alone(clients: Clients) -> None:
    clients.aws.control.throttle("DescribeSecret")

    value = clients.operator("secretsmanager").get_secret_value(**SECRET)

    assert value["Name"] == "heartbeat/local"
    with pytest.raises(ClientError, match="ThrottlingException"):
        describe(clients)


def test_a_fault_of_every_operation_ends_when_cleared(clients: Clients) -> None:
    clients.aws.control.throttle()
    with pytest.raises(ClientError, match="Throttling"):
        clients.operator("sts").get_caller_identity()

    clients.aws.control.clear()

    assert clients.operator("sts").get_caller_identity()["Account"] == "123456789012"


def test_a_connection_can_be_cut_before_the_operation(clients: Clients) -> None:
    arn = clients.secret()
    clients.aws.control.cut("UpdateSecret", times=1)

    with pytest.raises((ConnectionClosedError, HTTPClientError)):
        clients.operator("secretsmanager").update_secret(SecretId=arn, Description="lost")

    described = clients.operator("secretsmanager").describe_secret(SecretId=arn)
    assert "Description" not in described


def test_a_connection_can_be_cut_after_the_operation(clients: Clients) -> None:
    arn = clients.secret()
    clients.aws.control.cut("UpdateSecret", "after", times=1)

    with pytest.raises((ConnectionClosedError, HTTPClientError)):
        clients.operator("secretsmanager").update_secret(SecretId=arn, Description="done")

    described = clients.operator("secretsmanager").describe_secret(SecretId=arn)
    assert described["Description"] == "done"


def test_a_call_hangs_until_the_faults_are_cleared(clients: Clients) -> None:
    clients.aws.control.hang("DescribeSecret")
    ended = threading.Event()
    connection = clients.connect()
    wire = clients.signed_request("DescribeSecret", SECRET)
    connection.request(wire.method, wire.target, wire.body, wire.headers)

    def read() -> None:
        with pytest.raises(http.client.RemoteDisconnected):
            connection.getresponse()
        ended.set()

    reader = threading.Thread(target=read)
    reader.start()
    while not clients.aws.control.counts().hanging:
        assert reader.is_alive()
    others = clients.operator("sts").get_caller_identity()["Account"]
    hung = not ended.is_set()
    clients.aws.control.clear()
    reader.join(5)
    connection.close()

    assert (hung, others, ended.is_set()) == (True, "123456789012", True)


def test_calls_are_counted_by_operation_and_result(clients: Clients) -> None:
    clients.aws.control.reset_counts()
    describe(clients)
    describe(clients)
    with pytest.raises(ClientError):
        clients.operator("secretsmanager").get_secret_value(SecretId="no/such")

    counts = clients.aws.control.counts()

    assert counts.calls["DescribeSecret"] == {"ok": 2}
    assert counts.calls["GetSecretValue"] == {"ResourceNotFoundException": 1}
    assert counts.total("DescribeSecret") == 2
    assert counts.total("UpdateSecret") == 0


def test_one_client_keeps_one_connection(clients: Clients) -> None:
    describe(clients)
    clients.aws.control.reset_counts()

    for _ in range(20):
        describe(clients)

    counts = clients.aws.control.counts()
    assert (counts.total("DescribeSecret"), counts.tls_connections) == (20, 0)


def test_a_second_client_is_a_second_connection(clients: Clients) -> None:
    clients.aws.control.reset_counts()

    clients.send(clients.signed_request("DescribeSecret", SECRET))

    assert clients.aws.control.counts().tls_connections == 1


def test_a_failed_handshake_is_not_counted_as_a_connection(clients: Clients) -> None:
    clients.aws.control.reset_counts()
    connection = http.client.HTTPSConnection("127.0.0.1", clients.aws.port, timeout=5)

    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        connection.request("GET", "/")
    connection.close()

    describe(clients)
    assert clients.aws.control.counts().total("Unknown") == 0


def test_the_control_refuses_unknown_requests(aws: RunningAws) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", aws.control.port, timeout=5)
    connection.request("POST", "/nothing", "{}")
    unknown = connection.getresponse().status
    connection.close()

    with pytest.raises(ValueError, match="latency_s"):
        aws.control.delay("DescribeSecret", -1)
    assert unknown == 404
