"""One AWS account in one region: from a request to its reply."""

import logging
import threading
from collections.abc import Callable

from local.aws import mocked
from local.aws.clock import Clock
from local.aws.control.faults import Faults
from local.aws.iam.authentication import Authenticator
from local.aws.iam.credentials import Keys, Vault
from local.aws.limits import Limits
from local.aws.rolesanywhere.sessions import Sessions
from local.aws.services import ServiceOperation, Services
from local.aws.state import State
from local.aws.wire.counters import Counters
from local.aws.wire.errors import AwsError
from local.aws.wire.message import Cut, Reply, Request

_LOG = logging.getLogger(__name__)
_READS = ("Get", "List", "Describe", "BatchGet")


class Aws:
    """The account, and its faults and counters.

    Args:
        state: Changed in place by calls.
        keys: The operator's secret and the seal of session tokens.
        save: Called after each call that may have changed something.
    """

    def __init__(self, state: State, keys: Keys, save: Callable[[], None]) -> None:
        self.clock = Clock()
        self.counters = Counters()
        self.faults = Faults()
        self.limits = Limits()
        vault = Vault(mocked.ACCOUNT, keys)
        self.sessions = Sessions(state.region, state.registry, vault, self.clock)
        self._authenticator = Authenticator(state.region, vault, self.clock)
        self._services = Services(state, self.clock)
        self._save = save
        self._lock = threading.Lock()

    def handle(self, request: Request) -> Reply:
        """Answer `request`; block as long as a fault requires.

        Raises:
            Cut: The connection is to be closed instead.
        """
        operation = self._services.find(request)
        result = "cut"
        try:
            reply = self._disturbed(operation, request)
            result = "ok"
        except Cut:
            raise
        except AwsError as error:
            result = error.code
            reply = error.reply(operation.protocol)
        except Exception:  # noqa: BLE001 a defect of ours must not look like a broken network
            _LOG.exception("%s failed", operation.name)
            result = "InternalFailure"
            reply = AwsError(result, "The stand-in has a defect", 500).reply(operation.protocol)
        finally:
            self.counters.call(operation.name, result)
        return reply

    def _disturbed(self, operation: ServiceOperation, request: Request) -> Reply:
        fault = self.faults.before(operation.name)
        with self._lock:
            reply = self._run(operation, request)
        if fault is not None and fault.cut == "after":
            raise Cut
        return reply

    def _run(self, operation: ServiceOperation, request: Request) -> Reply:
        if operation.name == "CreateSession":
            reply = self.sessions.create(request)
            self.limits.check(operation.name, self.clock.now())
        else:
            principal = self._authenticator.principal(request)
            self.limits.check(operation.name, self.clock.now())
            reply = self._services.ask(operation, request, principal)
        if not operation.name.startswith(_READS):
            self._save()
        return reply
