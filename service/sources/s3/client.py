"""The client of S3, with its own keys or the process's AWS identity.

It has its own lane, so that a hung bucket does not delay the secret.
"""

import os
from typing import Any

from botocore.config import Config

from service.aws import tls
from service.aws.calls import Calls
from service.aws.client import Aws
from service.aws.session import CONFIG, bare_session
from service.errors import SourceError
from service.sources.s3 import errors
from service.sources.s3.settings import Settings

# Since 2025 botocore adds a CRC to each request by default, which compatible stores may refuse;
# PutObject carries Content-MD5 instead, which all of them support and object lock requires.
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-dataintegrity.html
OF_S3 = CONFIG.merge(
    Config(
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        signature_version="s3v4",
    )
)


class IdentityCalls(Calls):
    """Calls with the process's AWS identity."""

    def __init__(self, settings: Settings, aws: Aws) -> None:
        super().__init__()
        self.calls, self.throttles = aws.calls, aws.throttles  # counted as the identity's
        self._settings = settings
        self._aws = aws
        self._made: Any = None  # botocore's client, which has no types

    def translate(self, error: Exception) -> SourceError:
        """Turn an error of botocore into ours."""
        return errors.translate(error)

    def renew(self) -> None:
        """Let the next call use new credentials."""
        self._aws.renew()

    def was_sent(self, error: Exception) -> bool:
        """Tell whether a failed call was sent at all."""
        return self._aws.was_sent(error)

    def _client(self, service: str) -> Any:
        if self._made is None:
            region = self._settings.signing_region or self._aws.settings.region
            options = {"region_name": region, "config": OF_S3}
            if self._settings.endpoint_url:
                options["endpoint_url"] = self._settings.endpoint_url
            self._made = self._aws.make(service, **options)
        self._aws.look()
        return self._made


class KeyCalls(Calls):
    """Calls with an access key that never changes.

    Args:
        settings: The bucket, with its keys.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self._made: Any = None  # as above

    def translate(self, error: Exception) -> SourceError:
        """Turn an error of botocore into ours."""
        return errors.translate(error)

    def renew(self) -> None:
        """Do nothing: keys are not renewed."""

    def was_sent(self, error: Exception) -> bool:  # noqa: ARG002 - a call's
        """Return True: a call needs no session."""
        return True

    def _client(self, service: str) -> Any:
        if self._made is None:
            secret = self._settings.secret
            session = bare_session()
            bundle = session.get_config_variable("ca_bundle")
            verify = bundle or os.environ.get("REQUESTS_CA_BUNDLE") or True  # as botocore has it
            self._made = session.create_client(
                service,
                verify=verify,
                region_name=self._settings.signing_region,
                endpoint_url=self._settings.endpoint_url,
                aws_access_key_id=self._settings.key_id,
                aws_secret_access_key=secret.get_secret_value() if secret else None,
                config=OF_S3,
            )
            tls.share(self._made, verify, tls.context(verify))
        return self._made
