"""What to do about each word and each refusal, in the words of a diagnosis."""

from schema.errors import ErrorWord
from schema.heartbeat import Refusal

REMEDIES = {
    ErrorWord.TIMEOUT: "see whether it is overloaded, and whether a firewall drops the packets.",
    ErrorWord.UNREACHABLE: "see whether it runs, and whether its firewall lets this app in.",
    ErrorWord.TLS: "its certificate is not trusted: set PG_CA_CERT or VALKEY_CA_CERT to its CA.",
    ErrorWord.AUTH: "it does not accept user and password: compare them with the cluster's.",
    ErrorWord.PERMISSION: "the user or role lacks a right: grant it (README, Permissions).",
    ErrorWord.READ_ONLY: "it is a read-only replica or was demoted: connect to the primary.",
    ErrorWord.FULL: "its disk or memory is full: make room or resize it.",
    ErrorWord.QUOTA: "its quota is exhausted: write its value less often.",
    ErrorWord.THROTTLED: "it has too many requests or connections: see who else uses it.",
    ErrorWord.NOT_FOUND: "table, database or secret is missing: run the migrate job or restore it.",
    ErrorWord.NOT_CONFIGURED: "set its variables.",
    ErrorWord.INVALID_DATA: "what is stored was not written by Heartbeat: see who writes there.",
    ErrorWord.CLOCK: "clocks differ by more than 5 s: see that this host keeps time by NTP.",
    ErrorWord.FAILED: "an error of no known kind: read the log.",
}

REFUSALS = {
    Refusal.UNTRUSTED_CA: "the trust anchor does not hold the CA of this certificate: "
    "deploy certificate and anchor together.",
    Refusal.CERTIFICATE_EXPIRED: "the client certificate is out of its validity: "
    "renew it with `pulumi up`.",
    Refusal.CERTIFICATE_REVOKED: "the client certificate is revoked: deploy the new one.",
    Refusal.CLOCK_SKEW: "this host's clock is wrong: see that it keeps time by NTP.",
    Refusal.WRONG_KEY: "key and certificate do not fit: deploy IAM_CLIENT_CERT and "
    "IAM_CLIENT_KEY together.",
    Refusal.NOT_ALLOWED: "role, profile or trust policy do not allow this certificate: "
    "compare the role's trust policy with the certificate's name.",
    Refusal.NOT_FOUND: "anchor, profile or role does not exist: compare the three ARNs.",
    Refusal.OTHER: "see the worker's log for what AWS said.",
}
