"""Remedies for each error word and each refusal: sentences that begin with a verb.

They name a cause only where the word proves it; otherwise they say what to check.
"""

from schema.errors import Cause, ErrorWord
from schema.heartbeat import Refusal

REMEDIES = {
    ErrorWord.TIMEOUT: "Check whether it is overloaded, and whether a firewall or the network "
    "drops packets.",
    ErrorWord.UNREACHABLE: "Check whether it runs, and whether it accepts connections "
    "from this app.",
    ErrorWord.TLS: "Check that it speaks TLS, that its certificate is for this host name, and that "
    "its CA is trusted.",
    ErrorWord.AUTH: "Compare user and password with the cluster's.",
    ErrorWord.PERMISSION: "Grant the user or role the right that it lacks.",
    ErrorWord.READ_ONLY: "Connect to the primary: this is a read-only replica, or was demoted.",
    ErrorWord.FULL: "Free space on its disk or in its memory, or resize it.",
    ErrorWord.QUOTA: "Write less often: a quota is exhausted.",
    ErrorWord.THROTTLED: "Find out who else uses it: it has too many requests or connections.",
    ErrorWord.NOT_FOUND: "Create or restore the database, table or secret that is missing.",
    ErrorWord.NOT_CONFIGURED: "Set its variables.",
    ErrorWord.INVALID_DATA: "Find out who else writes there: Heartbeat did not write what "
    "is stored.",
    ErrorWord.UNSUPPORTED: "Connect to a single primary, directly or through a pool in transaction "
    "mode: Heartbeat cannot use what it is connected to.",
    ErrorWord.CLOCK: "Synchronize the clocks of this host and of the store by NTP: they differ by "
    "more than 5 s.",
    ErrorWord.FAILED: "Read the log: the cause of this error is unknown.",
}

CAUSES = {
    Cause.NO_TLS: "Turn on TLS at the server: it answers in plain text.",
    Cause.UNTRUSTED: "Trust the CA that signed the server's certificate: this app does "
    "not trust it.",
    Cause.WRONG_HOST: "Connect by a host name for which the server's certificate is valid.",
    Cause.CERTIFICATE_EXPIRED: "Renew the server's certificate: it has expired or is not "
    "yet valid.",
    Cause.STATEMENT_POOL: "Set the pool to transaction mode: in statement mode it allows no "
    "transaction, which migrations and history need.",
    Cause.CLUSTER: "Connect to a single primary: a cluster spreads the keys that Heartbeat writes "
    "together.",
    Cause.SCHEMA_USAGE: "Grant the user USAGE on the schema that holds Heartbeat's tables.",
    Cause.SEARCH_PATH: "Name a schema that exists in the user's search_path (`ALTER ROLE … SET "
    "search_path = public`).",
    Cause.ROW_SECURITY: "Add a policy that lets the user read and write Heartbeat's tables: their "
    "row security does not.",
    Cause.COLUMN_MISSING: "Run `python -m service migrate`: it restores what it can, and "
    "names the column that is missing otherwise.",
    Cause.KEY_DENIED: "Grant it `kms:Decrypt` and `kms:GenerateDataKey` (`secretKmsKeyArn` in the "
    "stack), and check the key's own policy: the role may not use the secret's key.",
    Cause.KEY_UNUSABLE: "Enable the secret's KMS key, or cancel its deletion: AWS cannot use it.",
    Cause.OTHER_REGION: "Name the bucket's own region in the URL (`region=`): it is in another.",
    Cause.NO_S3: "Check `endpoint=` in the URL: that server does not speak S3, or lacks a "
    "part of it.",
    Cause.STAMP_REFUSED: "Run `python -m service migrate`, which says what in `last_update` "
    "refuses a stamp, or give Heartbeat a database of its own.",
}
"""Remedies where more than the word is known."""

AWS_REMEDIES: dict[ErrorWord | Cause, str] = {
    ErrorWord.TIMEOUT: "Check whether this app reaches AWS, and whether AWS reports an outage of "
    "this region.",
    ErrorWord.UNREACHABLE: "Check whether this app reaches AWS, and whether AWS reports an outage "
    "of this region.",
    ErrorWord.TLS: "Check any proxy between this app and AWS, and AWS_CA_BUNDLE if it is set.",
    Cause.NO_TLS: "Check AWS_ENDPOINT_URL and any proxy between this app and AWS: it answers in "
    "plain text.",
    Cause.UNTRUSTED: "Set AWS_CA_BUNDLE to the CA of the proxy between this app and AWS, or "
    "unset it if there is none: no trusted CA signed the certificate.",
    Cause.WRONG_HOST: "Check AWS_ENDPOINT_URL and any proxy between this app and AWS: its "
    "certificate is for another host name.",
    ErrorWord.AUTH: "Read the worker's log, which has AWS's own message.",
    ErrorWord.THROTTLED: "Find out who else calls AWS with this identity: it makes too "
    "many requests.",
}
"""Remedies that differ for services of AWS."""

REFUSALS = {
    Refusal.UNTRUSTED_CA: "Deploy certificate and trust anchor together: the anchor does not hold "
    "the CA of this certificate.",
    Refusal.CERTIFICATE_EXPIRED: "Renew the client certificate with `pulumi up`: it has "
    "expired or is not yet valid.",
    Refusal.CERTIFICATE_REVOKED: "Deploy the new client certificate: this one is revoked.",
    Refusal.CLOCK_SKEW: "Synchronize this host's clock by NTP: it is wrong.",
    Refusal.WRONG_KEY: "Deploy IAM_CLIENT_CERT and IAM_CLIENT_KEY together: they do not match.",
    Refusal.NOT_ALLOWED: "Compare the role's trust policy with the certificate's name, and check "
    "that profile and role are enabled.",
    Refusal.NOT_FOUND: "Compare the three ARNs: anchor, profile or role does not exist.",
    Refusal.OTHER: "Read the worker's log, which has AWS's own message.",
}


def tls_remedies(ca: str, mode: str, host: str) -> dict[ErrorWord | Cause, str]:
    """Return remedies for `tls`, with the variables of the affected source.

    Args:
        ca: The variable that holds the CA's certificate.
        mode: The variable that says how the certificate is verified.
        host: The variable that names the host.
    """
    return {
        ErrorWord.TLS: f"Check that {ca} holds the CA of its certificate, that the certificate is "
        f"for this host name, and that the server speaks TLS as {mode} says.",
        Cause.NO_TLS: f"Turn on TLS at the server, or set {mode} to what it speaks: it answers in "
        "plain text.",
        Cause.UNTRUSTED: f"Set {ca} to the certificate of the CA that signed the server's: this "
        "app does not trust it.",
        Cause.WRONG_HOST: f"Set {host} to a name that the server's certificate is for, or {mode} "
        "to verify-ca.",
    }
