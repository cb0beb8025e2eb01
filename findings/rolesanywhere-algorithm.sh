#!/usr/bin/env bash
# iam-rolesanywhere-session names its algorithm after the CA's hash, but always signs with SHA-256.
#
# Versions: iam-rolesanywhere-session 3.0.0, botocore 1.44.8, cryptography 50.0.2. Seen: 2026-11-28.
# Most would expect: the algorithm of the Authorization header says how the request was signed; AWS
#   documents only AWS4-X509-RSA-SHA256 and AWS4-X509-ECDSA-SHA256.
# What is: a client certificate whose CA signed it with SHA-384 gives AWS4-X509-ECDSA-SHA384 over a
#   signature that only verifies with SHA-256. Use SHA-256 for the CA's signature too.
source "$(dirname "$0")/ground.sh"
install iam-rolesanywhere-session==3.0.0 boto3==1.44.8 cryptography==50.0.2
python <<'PY'
import datetime
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
import iam_rolesanywhere_session as library

NOW = datetime.datetime.now(datetime.timezone.utc)

def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

def client(curve, hash_of_ca):
    ca, key = ec.generate_private_key(curve), ec.generate_private_key(ec.SECP256R1())
    made = (x509.CertificateBuilder().subject_name(name("client")).issuer_name(name("ca"))
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(NOW - datetime.timedelta(days=1))
            .not_valid_after(NOW + datetime.timedelta(days=1)).sign(ca, hash_of_ca))
    return made, key

def sign(certificate, key):
    """The algorithm that the header would name, and whether the signature verifies with SHA-256."""
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    signer = library.IAMRolesAnywhereSigner(
        certificate=certificate.public_bytes(pem), private_key=private, region="us-west-2")
    signature = bytes.fromhex(signer.signature("what is signed"))
    try:
        key.public_key().verify(signature, b"what is signed", ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return signer.algorithm, "no"
    return signer.algorithm, "yes"

seen = {}
for label, curve, hash_of_ca in (("SHA-256", ec.SECP256R1(), hashes.SHA256()),
                                 ("SHA-384", ec.SECP384R1(), hashes.SHA384())):
    seen[label] = sign(*client(curve, hash_of_ca))
    print(f"CA signs with {label}: algorithm {seen[label][0]}; verifies with SHA-256: {seen[label][1]}")
assert seen["SHA-256"] == ("AWS4-X509-ECDSA-SHA256", "yes"), seen
assert seen["SHA-384"] == ("AWS4-X509-ECDSA-SHA384", "yes"), seen
PY
