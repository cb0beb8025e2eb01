"""Our own certificate authority, and the certificate that it signs for the app."""

import pulumi
import pulumi_tls as tls
from cryptography import x509
from cryptography.x509.oid import NameOID

# P-256 for both: the session library names the algorithm after the hash of the certificate's
# signature but always signs SHA-256, so a P-384 authority would break it.
CURVE = "P256"
DAY_H = 24
CLIENT_VALID_H = 365 * DAY_H
CLIENT_RENEWAL_H = 60 * DAY_H  # the first `up` in the last 60 days renews; the key stays
AUTHORITY_VALID_H = 3650 * DAY_H
AUTHORITY_RENEWAL_H = 730 * DAY_H  # more than a client's lifetime: none outlives its authority


class Certificates:
    """The authority, and one generation of the client.

    A renewal keeps the key, so only the certificate changes in the app. A new
    generation changes key and certificate together: their resources carry its number.
    """

    def __init__(
        self,
        name: str,
        subject: str,
        generation: int,
        opts: pulumi.ResourceOptions,
        *,
        protect: bool,
    ) -> None:
        kept = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=protect))
        authority_key = _key(f"{name}-authority-key", kept)
        self.authority = _authority(f"{name}-authority", subject, authority_key, opts)
        self.key = _key(f"{name}-client-key-{generation}", opts)
        request = tls.CertRequest(
            f"{name}-client-request-{generation}",
            tls.CertRequestArgs(
                private_key_pem=self.key.private_key_pem,
                subject=tls.CertRequestSubjectArgs(common_name=f"{subject}-{generation}"),
            ),
            opts,
        )
        self.client = tls.LocallySignedCert(
            f"{name}-client-{generation}",
            tls.LocallySignedCertArgs(
                ca_private_key_pem=authority_key.private_key_pem,
                ca_cert_pem=self.authority.cert_pem,
                cert_request_pem=request.cert_request_pem,
                allowed_uses=["digital_signature", "client_auth"],
                validity_period_hours=CLIENT_VALID_H,
                early_renewal_hours=CLIENT_RENEWAL_H,
            ),
            opts,
        )


def _authority(
    name: str, subject: str, key: tls.PrivateKey, opts: pulumi.ResourceOptions
) -> tls.SelfSignedCert:
    return tls.SelfSignedCert(
        name,
        tls.SelfSignedCertArgs(
            private_key_pem=key.private_key_pem,
            subject=tls.SelfSignedCertSubjectArgs(common_name=f"{subject} authority"),
            is_ca_certificate=True,
            set_subject_key_id=True,
            allowed_uses=["cert_signing", "crl_signing", "digital_signature"],
            validity_period_hours=AUTHORITY_VALID_H,
            early_renewal_hours=AUTHORITY_RENEWAL_H,
        ),
        opts,
    )


def _key(name: str, opts: pulumi.ResourceOptions) -> tls.PrivateKey:
    return tls.PrivateKey(name, tls.PrivateKeyArgs(algorithm="ECDSA", ecdsa_curve=CURVE), opts)


def common_name(certificate: x509.Certificate) -> str:
    """Return the one common name of a certificate's subject, to which the role is bound.

    Raises:
        ValueError: It has none, or several.
    """
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if len(names) != 1:
        msg = f"the certificate's subject has {len(names)} common names; the role needs one"
        raise ValueError(msg)
    return str(names[0].value)
