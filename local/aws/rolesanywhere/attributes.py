"""A session's attributes from its certificate: tags, source identity, name.

https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html and, for mappings,
https://docs.aws.amazon.com/rolesanywhere/latest/userguide/attribute-mapping.html
"""

import re
from collections import defaultdict
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from local.aws.wire.errors import AwsError

_TAG_VALUE = re.compile(r"[\w .:/=+\-@]{0,256}")  # STS's rule for a session tag
_SOURCE_IDENTITY = re.compile(r"[\w+=,.@-]{2,64}")  # STS's rule for SourceIdentity
_NAMES = {
    NameOID.COMMON_NAME: "CN",
    NameOID.COUNTRY_NAME: "C",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.STATE_OR_PROVINCE_NAME: "ST",
    NameOID.LOCALITY_NAME: "L",
    NameOID.SERIAL_NUMBER: "serialNumber",
}


def session_name(certificate: x509.Certificate) -> str:
    """Return the serial number in hexadecimal, whole bytes."""
    digits = f"{certificate.serial_number:x}"
    return digits.zfill(len(digits) + len(digits) % 2)


def source_identity(certificate: x509.Certificate) -> str | None:
    """Return the subject's common name, if STS accepts it as a source identity."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    name = str(names[0].value) if names else ""
    return name if _SOURCE_IDENTITY.fullmatch(name) else None


def tags(
    certificate: x509.Certificate, mappings: list[dict[str, Any]], role_arn: str
) -> dict[str, str]:
    """Return the session tags: `x509Subject/CN`, `x509Issuer/O`, `x509SAN/DNS` and so on.

    Args:
        certificate: The end entity's.
        mappings: The profile's attribute mappings; a field without one is mapped whole.
        role_arn: Named in the refusal.

    Raises:
        AwsError: STS would not accept a value as a tag. The text is the service's own
            (https://github.com/aws/rolesanywhere-credential-helper/issues/77).
    """
    rules = {
        mapping["certificateField"]: [rule["specifier"] for rule in mapping["mappingRules"]]
        for mapping in mappings
    }
    found = {
        name: value
        for name, value in _fields(certificate).items()
        if _is_mapped(name, rules.get(name.partition("/")[0], ["*"]))
    }
    bad = [name for name, value in found.items() if not _TAG_VALUE.fullmatch(value)]
    if bad:
        raise AwsError("AccessDeniedException", _unmappable(bad, role_arn))
    return found


def _fields(certificate: x509.Certificate) -> dict[str, str]:
    values: dict[str, list[str]] = defaultdict(list)
    for field, name in (("x509Subject", certificate.subject), ("x509Issuer", certificate.issuer)):
        for attribute in name:
            if attribute.oid in _NAMES:
                values[f"{field}/{_NAMES[attribute.oid]}"].append(str(attribute.value))
    try:
        kind = x509.SubjectAlternativeName
        names = certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        names = x509.SubjectAlternativeName([])
    values["x509SAN/DNS"] = names.get_values_for_type(x509.DNSName)
    values["x509SAN/URI"] = names.get_values_for_type(x509.UniformResourceIdentifier)
    return {name: "/".join(each) for name, each in values.items() if each}


def _is_mapped(name: str, specifiers: list[str]) -> bool:
    return "*" in specifiers or name.partition("/")[2] in specifiers


def _unmappable(bad: list[str], role_arn: str) -> str:
    def listed(field: str) -> str:
        return f"[ {' '.join(n.partition('/')[2] for n in bad if n.startswith(field))} ]"

    return (
        f"Unable to assume role for {role_arn}. Some attributes failed to be mapped into session "
        f"tags. Issuer: {listed('x509Issuer')}; Subject: {listed('x509Subject')}; "
        f"SAN: {listed('x509SAN')}"
    )
