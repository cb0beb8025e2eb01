"""The roles that Roles Anywhere assumes."""

from datetime import datetime

from local.aws import mocked
from local.aws.iam.credentials import Session
from local.aws.iam.policy import Question, decide
from local.aws.rolesanywhere.registry import Profile
from local.aws.wire.errors import AwsError

_TRUSTED = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
_SERVICE = "rolesanywhere.amazonaws.com"


def check_trust(role: mocked.Role, anchor_arn: str, session: Session, now: datetime) -> None:
    """Refuse a `session` that the role's trust policy does not allow.

    https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html

    Raises:
        AwsError: AccessDeniedException, 403.
    """
    context = {
        "aws:sourcearn": anchor_arn,
        "aws:sourceaccount": mocked.ACCOUNT,
        "aws:currenttime": now.isoformat(),
        "sts:rolesessionname": session.session_name,
        **session.tag_context("aws:principaltag/"),
        **session.tag_context("aws:requesttag/"),
    }
    if session.source_identity is not None:
        context["sts:sourceidentity"] = session.source_identity
    for action in _TRUSTED:
        question = Question(action, role.arn, _SERVICE, context)
        if decide([role.assume_role_policy_document], question) != "allowed":
            raise unable(role.arn)


def session_policies(profile: Profile) -> list[str]:
    """Return the documents by which `profile` narrows what a role may do.

    Raises:
        AwsError: It names a managed policy that does not exist here.
    """
    documents = [profile.session_policy] if profile.session_policy else []
    managed = mocked.roles().managed_policies
    for arn in profile.managed_policy_arns:
        if arn not in managed:
            raise unable(profile.role_arns[0], f"There is no policy {arn} in this stand-in.")
        documents.append(mocked.document(managed[arn]))
    return documents


def unable(role_arn: str, reason: str = "") -> AwsError:
    """Build the refusal of a role, with the message seen at the service.

    It does not say more to a client whose certificate is not trusted by the role.
    """
    message = f"Unable to assume role for {role_arn}. {reason}".strip()
    return AwsError("AccessDeniedException", message)
