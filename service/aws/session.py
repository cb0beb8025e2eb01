"""botocore and CreateSession for one process, configured only by the settings.

No profile, no shared file and no instance metadata is read: a home folder or AWS_PROFILE belongs to
another program's identity. The imports here are slow, so this module is imported with the first
call.
"""

import os
from collections.abc import Callable
from typing import Any

from botocore.config import Config
from botocore.credentials import DeferredRefreshableCredentials
from botocore.loaders import Loader
from botocore.session import Session
from iam_rolesanywhere_session import IAMRolesAnywhereSession, IAMRolesAnywhereSigner

from service.aws import endpoints, tls
from service.aws.certificate import ClientCertificate
from service.aws.roles_anywhere import Settings
from service.timeouts import ANSWER_TIMEOUT_S, CONNECT_TIMEOUT_S

SESSION_DURATION_S = 3600  # 900 s would always be inside botocore's refresh window
CONFIG = Config(
    connect_timeout=CONNECT_TIMEOUT_S,
    read_timeout=ANSWER_TIMEOUT_S,
    retries={"total_max_attempts": 1},  # retries are ours alone
)
ENDPOINTS = "endpoint_resolver"  # botocore's name for its component
TLS = "heartbeat_tls"  # our own component: the context of all connections
# Each is: key in a config file, variable, default, conversion. `auto` would read the metadata.
_OURS_ALONE = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
    "defaults_mode": (None, None, "legacy", None),
}
# The services' models, read once for all sessions; not those of ~/.aws/models and AWS_DATA_PATH.
_MODELS = Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)

Fetch = Callable[[], dict[str, str]]
"""Returns credentials: `access_key`, `secret_key`, `token` and `expiry_time`."""


class Signer(IAMRolesAnywhereSigner):
    """The library's signer, corrected to announce the hash that it uses; see decisions/070."""

    @property
    def algorithm(self) -> str:
        """The one of AWS's two algorithms that matches the key."""
        return f"AWS4-X509-{self.private_key_type}-SHA256"


def bare_session() -> Any:  # Any: botocore has no types
    """Open a botocore session without credentials and region."""
    session = Session(session_vars=_OURS_ALONE)
    session.register_component("data_loader", _MODELS)
    # There is no public way to replace this component.
    session._register_internal_component(ENDPOINTS, endpoints.resolver(_MODELS))  # noqa: SLF001
    return session


def open_session(settings: Settings) -> Any:  # Any: as above
    """Create a botocore session without credentials, in the identity's region."""
    session = bare_session()
    session.set_config_variable("region", settings.region)
    session.lazy_register_component(TLS, lambda: tls.context(settings.ca_bundle or True))
    return session


def sign_with(session: Any, fetch: Fetch) -> Any:
    """Let a session sign with credentials from `fetch`, which also renews them; sends nothing.

    Returns:
        botocore's object with the credentials.
    """
    # There is no public way to give a session refreshable credentials.
    session._credentials = DeferredRefreshableCredentials(  # noqa: SLF001
        refresh_using=fetch, method="custom-roles-anywhere"
    )
    return session._credentials  # noqa: SLF001


def client(session: Any, settings: Settings, service: str, **options: Any) -> Any:
    """Make a client of one service, such as `secretsmanager`; `options` replace ours."""
    verify = settings.ca_bundle or True
    made = session.create_client(service, **{"verify": verify, "config": CONFIG, **options})
    tls.share(made, verify, session.get_component(TLS))
    return made


def create_session(session: Any, settings: Settings, certificate: ClientCertificate) -> Fetch:
    """Call CreateSession with a certificate."""
    host = settings.sessions_host or sessions_host(session)
    verify = settings.ca_bundle or True
    opened = IAMRolesAnywhereSession(
        profile_arn=settings.profile_arn,
        role_arn=settings.role_arn,
        trust_anchor_arn=settings.trust_anchor_arn,
        certificate=certificate.leaf_pem,
        private_key=certificate.key_pem,
        certificate_chain=certificate.chain_pem,
        session_duration=SESSION_DURATION_S,
        region=settings.region,
        endpoint=host,
        verify=verify,
    )
    opened._request_signer = Signer(  # noqa: SLF001 - no argument for it
        certificate.leaf_pem,
        certificate.key_pem,
        certificate.chain_pem,
        region=settings.region,
    )
    # The library's own has a time-out of 60 s, and ignores HTTPS_PROXY and NO_PROXY.
    opened._session = tls.Connections(  # noqa: SLF001 - as above
        f"https://{host}/sessions", verify, session.get_component(TLS)
    )
    fetch: Fetch = opened.get_refreshable_credentials()._refresh_using  # noqa: SLF001 - as above
    return fetch


def sessions_host(session: Any) -> str:
    """Return the host name of IAM Roles Anywhere in the session's region, in whatever partition."""
    region = session.get_config_variable("region")
    fips = bool(session.get_config_variable("use_fips_endpoint"))
    known = session._get_internal_component(ENDPOINTS)  # noqa: SLF001 - as in open_session
    return endpoints.host(known, "rolesanywhere", region, fips=fips)
