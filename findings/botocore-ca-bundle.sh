#!/usr/bin/env bash
# botocore loads its whole bundle of CA certificates again for every new TLS connection of a client.
#
# Versions: boto3 1.44.8 and botocore 1.44.8, urllib3 2.8.0, cryptography 50.0.2. Seen: 2026-11-28.
# Most would expect: a client has one TLS context, which loads the CA certificates once, as httpx does.
# What is: the context is shared, but botocore also gives the bundle's path to urllib3, which loads it into
#   that context for each connection: some 20 ms of CPU for the 140 certificates of a usual bundle. A bundle
#   that is deleted while the process runs breaks the next connection, not only the next client.
source "$(dirname "$0")/ground.sh"
install boto3==1.44.8 urllib3==2.8.0 cryptography==50.0.2
python <<'PY'
import datetime, http.server, ipaddress, os, ssl, threading
os.environ.update(AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b")
import boto3
from botocore.config import Config
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

ANSWER = b"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:user/me</Arn><UserId>U</UserId><Account>123456789012</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""

class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):  # HTTP/1.0: the connection is closed after each answer
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *_): pass

def certificate():
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.timezone.utc)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(1).not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([address]), False)
            .add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256()))
    with open("key.pem", "wb") as file:
        file.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                     serialization.NoEncryption()))
    with open("ca.pem", "wb") as file:
        file.write(made.public_bytes(serialization.Encoding.PEM))

certificate()
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain("ca.pem", "key.pem")
server.socket = tls.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()

loads, original = [], ssl.SSLContext.load_verify_locations
def counted(self, cafile=None, *rest, **named):
    loads.append((id(self), cafile))
    return original(self, cafile, *rest, **named)
ssl.SSLContext.load_verify_locations = counted

client = boto3.client("sts", region_name="us-west-2", verify="ca.pem", config=Config(retries={"total_max_attempts": 1}),
                      endpoint_url=f"https://127.0.0.1:{server.server_address[1]}")
for _ in range(5):
    client.get_caller_identity()
seen = list(loads)
print(f"5 connections of one client: the bundle was loaded {len(seen)} times, into {len(set(seen))} context")
os.remove("ca.pem")
try:
    client.get_caller_identity()
    deleted = "answers"
except Exception as error:
    deleted = type(error).__name__
print("a call after the bundle was deleted:", deleted)
assert len(seen) == 5 and len(set(seen)) == 1, seen
assert deleted == "SSLError", deleted
PY
