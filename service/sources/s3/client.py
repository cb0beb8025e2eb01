"""S3's client, on keys of its own or on the process's AWS identity, in a lane of its own.

A lane of its own: a bucket that hangs must not hold up the secret.
"""

from typing import Any

from botocore.config import Config

from service.aws.calls import Calls
from service.aws.client import Aws
from service.aws.session import CONFIG, bare_session
from service.errors import SourceError
from service.sources.s3 import errors
from service.sources.s3.settings import Settings

# Since 2025 botocore adds a CRC to each request by default, which S3's relatives may refuse;
# PutObject carries Content-MD5 instead, which all of them know and object lock requires.
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-dataintegrity.html
OF_S3 = CONFIG.merge(
    Config(
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        signature_version="s3v4",
    )
)


class Identified(Calls):
    """Calls as the process's AWS identity.

    Args:
        settings: The bucket's.
        aws: The identity.
    """

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
        """Tell whether a call that failed was sent at all."""
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


class Keyed(Calls):
    """Calls with an access key that never changes.

    Args:
        settings: The bucket's, with its keys.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self._made: Any = None  # as above

    def translate(self, error: Exception) -> SourceError:
        """Turn an error of botocore into ours."""
        return errors.translate(error)

    def renew(self) -> None:
        """Do nothing: a key has no successor."""

    def was_sent(self, error: Exception) -> bool:  # noqa: ARG002 - a call's
        """Return True: no session stands before a call."""
        return True

    def _client(self, service: str) -> Any:
        if self._made is None:
            secret = self._settings.secret
            self._made = bare_session().create_client(
                service,
                region_name=self._settings.signing_region,
                endpoint_url=self._settings.endpoint_url,
                aws_access_key_id=self._settings.key_id,
                aws_secret_access_key=secret.get_secret_value() if secret else None,
                config=OF_S3,
            )
        return self._made
