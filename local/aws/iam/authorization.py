"""Whether the role that signed a request may do what it asks."""

from local.aws import mocked
from local.aws.clock import Clock
from local.aws.iam.credentials import Principal, Session
from local.aws.iam.policy import Question, decide
from local.aws.wire.errors import denied

ALWAYS_ALLOWED = "sts:GetCallerIdentity"  # even against a Deny, says its API reference


class Authorizer:
    """Asks the policies of roles and sessions."""

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
        question = Question(action, resource, context=self._context(session))
        role = mocked.role(session.role_arn)
        decisions = {decide(mocked.policies(role) if role is not None else [], question)}
        if session.policies:  # a session policy never allows more than the role
            decisions.add(decide(session.policies, question))
        if decisions != {"allowed"}:
            explicit = "explicitly denied" in decisions
            raise denied(principal.arn, action, resource, explicit=explicit)

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
