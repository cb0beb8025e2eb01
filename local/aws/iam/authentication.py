"""Authenticate a request: compute its signature again, and compare."""

import hmac
from datetime import datetime

from local.aws.clock import Clock
from local.aws.iam import signature as sigv4
from local.aws.iam.credentials import Principal, Vault
from local.aws.wire.errors import bad_signature, incomplete
from local.aws.wire.message import Request

# Clients sign for this region at the global endpoints of IAM and STS, and for their own where
# AWS_ENDPOINT_URL is set.
_GLOBAL_REGION = "us-east-1"
_GLOBAL_SERVICES = {"iam", "sts"}


class Authenticator:
    """Checks AWS4-HMAC-SHA256 signatures against the keys in a vault."""

    def __init__(self, region: str, vault: Vault, clock: Clock) -> None:
        self._region = region
        self._vault = vault
        self._clock = clock

    def principal(self, request: Request) -> Principal:
        """Return the owner of the key that signed `request`.

        Raises:
            AwsError: Unsigned, wrongly signed, signed at another time or for another region, or
                with a key that is unknown or expired.
        """
        signature = sigv4.parse(request)
        if signature.algorithm != "AWS4-HMAC-SHA256":
            raise incomplete(f"Unsupported AWS 'algorithm': '{signature.algorithm}'.")
        principal = self._owner(signature.key_id, request, self._clock.now())
        self._check_scope(signature)
        sigv4.check_time(request, signature, self._clock.wire())
        text = sigv4.string_to_sign(request, signature)
        ours = sigv4.hmac_signature(principal.secret_key.get_secret_value(), signature, text)
        if not hmac.compare_digest(ours.encode(), signature.value.encode()):
            raise bad_signature()
        return principal

    def _owner(self, key_id: str, request: Request, now: datetime) -> Principal:
        return self._vault.principal(key_id, request.headers.get("x-amz-security-token"), now)

    def _check_scope(self, signature: sigv4.Signature) -> None:
        regions = {self._region}
        if signature.service in _GLOBAL_SERVICES:
            regions.add(_GLOBAL_REGION)
        if signature.region not in regions:
            raise bad_signature("Credential should be scoped to a valid region.")
