"""Authorize a request of a role."""

from collections.abc import Mapping
from dataclasses import dataclass

from local.aws import mocked
from local.aws.clock import Clock
from local.aws.iam.credentials import Principal, Session
from local.aws.iam.policy import Decision, Question, decide
from local.aws.wire.errors import denied, key_denied

ALWAYS_ALLOWED = "sts:GetCallerIdentity"  # even against a Deny, says its API reference


@dataclass(frozen=True)
class KeyUse:
    """One use of a customer's KMS key on behalf of the caller.

    Attributes:
        action: `kms:Decrypt` or `kms:GenerateDataKey`.
        key_arn: The key.
        context: Condition keys in lower case and their values.
    """

    action: str
    key_arn: str
    context: Mapping[str, str]


class Authorizer:
    """Evaluates the policies of roles and sessions."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def check(self, principal: Principal, action: str, resource: str) -> None:
        """Refuse what the policies of `principal` do not allow.

        Raises:
            AwsError: AccessDeniedException.
        """
        session = principal.session
        if session is None or action == ALWAYS_ALLOWED:
            return
        decisions = self._decisions(session, action, resource, {})
        if decisions != {"allowed"}:
            explicit = "explicitly denied" in decisions
            raise denied(principal.arn, action, resource, explicit=explicit)

    def check_key(self, principal: Principal, use: KeyUse) -> None:
        """Refuse a use of a KMS key on behalf of `principal`.

        The key's own policy is taken to be the default one, which leaves it to the policies of IAM
        [kms/latest/developerguide/key-policy-default.html].

        Raises:
            AwsError: AccessDeniedException, with a message of its own.
        """
        session = principal.session
        if session is None:
            return
        if self._decisions(session, use.action, use.key_arn, use.context) != {"allowed"}:
            raise key_denied()

    def _decisions(
        self, session: Session, action: str, resource: str, also: Mapping[str, str]
    ) -> set[Decision]:
        question = Question(action, resource, context={**self._context(session), **also})
        role = mocked.role(session.role_arn)
        decisions = {decide(mocked.policies(role) if role is not None else [], question)}
        if session.policies:  # a session policy never allows more than the role
            decisions.add(decide(session.policies, question))
        return decisions

    def _context(self, session: Session) -> dict[str, str]:
        context = {
            "aws:currenttime": self._clock.now().isoformat(),
            "aws:tokenissuetime": session.issued.isoformat(),
            "aws:principalarn": session.role_arn,
            "aws:principalaccount": mocked.ACCOUNT,
            "aws:userid": session.user_id,
            "aws:securetransport": "true",
            **session.tag_context("aws:principaltag/"),
        }
        if session.source_identity is not None:
            context["aws:sourceidentity"] = session.source_identity
        return context
