"""Signs events the V2 way: RSA-SHA256 under a key made here, with a certificate anyone can fetch (fact sheet §6)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

#: The header lines of the string to sign, in their order.
SIGNED_HEADERS = (
    "x-eventbridge-signature-timestamp",
    "x-eventbridge-hash-method",
    "x-eventbridge-signature-version",
    "x-eventbridge-signature-url",
    "x-eventbridge-signature-token",
)
CERTIFICATE_PATH = "/_emulator/eventbridge/x509_public_certificate_emulator.pem"


class Signer:
    """A key pair with a self-signed certificate, made anew for each emulator."""

    def __init__(self, now: float) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "wanreel emulator, EventBridge stand-in")])
        at = datetime.fromtimestamp(now, UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(at - timedelta(days=1))
            .not_valid_after(at + timedelta(days=3650))
            .sign(self._key, hashes.SHA256())
        )
        self.certificate_pem = certificate.public_bytes(serialization.Encoding.PEM)

    def headers(self, url: str, body: bytes, now: float, certificate_url: str, token: str) -> dict[str, str]:
        """The headers of one delivery to a callback URL."""
        values = (str(round(now * 1000)), "SHA256", "1.0", certificate_url, token)
        signed: dict[str, str] = dict(zip(SIGNED_HEADERS, values, strict=True))
        signature = self._key.sign(to_sign(url, signed, body), padding.PKCS1v15(), hashes.SHA256())
        return {
            "content-type": "application/json",
            **signed,
            "x-eventbridge-signature-v2": base64.b64encode(signature).decode(),
        }


def to_sign(url: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """Callback URL, the header lines in order, and the raw body, each after a newline."""
    lines = "\n".join(f"{name}: {headers[name]}" for name in SIGNED_HEADERS)
    return f"{url}\n{lines}\n".encode() + body
