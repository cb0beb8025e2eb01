"""Whether the role that signed a request may do what it asks."""

from local.aws import mocked
from local.aws.clock import Clock
from local.aws.credentials import Principal, Session
from local.aws.errors import denied
from local.aws.policy import Question, decide
from local.aws.sessions import tag_context

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
        decisions = {decide(_role_policies(session.role_arn), question)}
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
            "aws:userid": f"{session.role_id}:{session.session_name}",
            "aws:securetransport": "true",
            **tag_context(session.tags, "aws:principaltag/"),
        }
        if session.source_identity is not None:
            context["aws:sourceidentity"] = session.source_identity
        return context


def _role_policies(role_arn: str) -> list[str]:
    role = next((role for role in mocked.roles().get_roles() if role.arn == role_arn), None)
    if role is None:
        return []
    return mocked.policies(role)
