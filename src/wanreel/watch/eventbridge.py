"""Whether a completion event is EventBridge's own: signature V2 over URL, headers and body (FS §6). Pure.

The certificate's address stands in the event itself, so it is believed only where it lies on EventBridge's own hosts,
a closed list by region. Everything that does not hold is `Forged`, in words for the log: the sender learns nothing.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

REGIONS = ("cn-beijing", "ap-southeast-1", "us-east-1", "cn-hongkong", "eu-central-1", "ap-northeast-1")  # FS §3.1
HOSTS = frozenset(f"{region}-eventbridge.oss-accelerate.aliyuncs.com" for region in REGIONS)
WINDOW_S = 60.0
KEY_BITS_MIN = 2048
URL_CHARS_MAX = 1024

TIMESTAMP = "x-eventbridge-signature-timestamp"
METHOD = "x-eventbridge-hash-method"
VERSION = "x-eventbridge-signature-version"
CERTIFICATE = "x-eventbridge-signature-url"
TOKEN = "x-eventbridge-signature-token"  # noqa: S105 - a header's name
SIGNATURE = "x-eventbridge-signature-v2"
SIGNED = (TIMESTAMP, METHOD, VERSION, CERTIFICATE, TOKEN)

_LOOPBACK = re.compile(r"(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?")


class Forged(Exception):
    """Not an event that EventBridge signed for us just now; says what does not hold."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event as it came: the URL it was sent to, header names in lower case, the body untouched."""

    url: str
    headers: Mapping[str, str]
    body: bytes


def certificate_url(delivery: Delivery, now: float, hosts: frozenset[str] = frozenset()) -> str:
    """Where the certificate is to be had, after all that can be said without it. `hosts` are trusted beside the
    vendor's own, over plain HTTP only on this machine. Raises Forged.
    """
    missing = [name for name in (*SIGNED, SIGNATURE) if not delivery.headers.get(name)]
    if missing:
        raise Forged(f"without {', '.join(missing)}")
    if (delivery.headers[METHOD].upper(), delivery.headers[VERSION]) != ("SHA256", "1.0"):
        raise Forged("signed by another method, or another version of it, than SHA256 1.0")
    _is_fresh(delivery.headers[TIMESTAMP], now)
    return _trusted(delivery.headers[CERTIFICATE], hosts)


def verify(delivery: Delivery, certificate_pem: bytes, now: float) -> None:
    """Whether the holder of the certificate has signed this delivery. Raises Forged."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    try:
        certificate = x509.load_pem_x509_certificate(certificate_pem)
        key = certificate.public_key()
        at = datetime.fromtimestamp(now, UTC)
        in_force = certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc
    except Exception as error:  # noqa: BLE001 - a foreign file: whatever is wrong with it, it proves nothing
        raise Forged(f"the certificate cannot be read: {type(error).__name__}") from None
    if not in_force or not isinstance(key, rsa.RSAPublicKey) or key.key_size < KEY_BITS_MIN:
        raise Forged("the certificate is not in force, or of no kind that EventBridge uses")
    try:
        signature = base64.b64decode(delivery.headers[SIGNATURE], validate=True)
        key.verify(signature, to_sign(delivery), padding.PKCS1v15(), hashes.SHA256())
    except (binascii.Error, ValueError, InvalidSignature):
        raise Forged("the signature does not fit URL, headers and body") from None


def to_sign(delivery: Delivery) -> bytes:
    """Callback URL, the header lines in their order, and the raw body, a line break after each."""
    lines = "\n".join(f"{name}: {delivery.headers[name]}" for name in SIGNED)
    return f"{delivery.url}\n{lines}\n".encode() + delivery.body


def is_loopback(host: str) -> bool:
    """Whether a host, with or without a port, is this machine."""
    return _LOOPBACK.fullmatch(host.lower()) is not None


def _is_fresh(stamp: str, now: float) -> None:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 15):
        raise Forged("its time is no number")
    at = float(stamp) / (1000.0 if len(stamp) > 11 else 1.0)  # milliseconds; seconds are believed as well
    if abs(now - at) > WINDOW_S:
        raise Forged(f"it was signed {now - at:.0f} s ago: replayed, or one of the two clocks is wrong")


def _trusted(url: str, hosts: frozenset[str]) -> str:
    """The URL itself, if a certificate may be fetched from there."""
    try:
        parts = urlsplit(url)
        plain = not (parts.username or parts.password or parts.fragment) and parts.port != 0
    except ValueError:
        raise Forged("its certificate's address is none") from None
    host = parts.netloc.lower()
    scheme_fits = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    if not plain or not scheme_fits or not url.isprintable() or len(url) > URL_CHARS_MAX or " " in url:
        raise Forged("its certificate's address is none to be trusted")
    if host not in HOSTS | hosts:
        raise Forged("its certificate lies on a host that is not EventBridge's")
    return url
