"""Signs events as EventBridge does, and in every wrong way."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from tests.factories import NOW

URL = "https://hooks.example.com/hooks/eventbridge"
CERTIFICATE_URL = "https://cn-beijing-eventbridge.oss-accelerate.aliyuncs.com/x509_public_certificate.pem"


@lru_cache(maxsize=4)
def rsa_key(number: int, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key, the same for the same number while the tests run."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def certificate(key: Any, since: float = NOW - 1000, until: float = NOW + 1000) -> bytes:
    """A self-signed certificate."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.fromtimestamp(since, UTC))
        .not_valid_after(datetime.fromtimestamp(until, UTC) + timedelta(seconds=1))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )


def event(task_id: str = "task-1", status: str = "SUCCEEDED", **more: object) -> bytes:
    """A completion event's body (fact sheet §6)."""
    data = {
        "task_id": task_id,
        "task_status": status,
        "request_id": "r-1",
        "region": "cn-beijing",
        "api_key_id": "1",
        "user_api_unique_key": "apikey:v1:aigc:text2video:video-synthesis:wan2.5-t2v-preview",
        "start_time": "2025-01-01 10:00:00",
        "end_time": "2025-01-01 10:05:00",
        "contain_result": False,
    }
    body = {"specversion": "1.0", "id": f"e-{task_id}", "source": "acs.dashscope", "data": data}
    return json.dumps(body | {"type": "dashscope:System:AsyncTaskFinish"} | more).encode()


@dataclass
class Letter:
    """One delivery: signed over `url`, its lines and `body`; change what goes out afterwards to forge it."""

    body: bytes = field(default_factory=event)
    url: str = URL
    at: float = NOW
    certificate_url: str = CERTIFICATE_URL
    method: str = "SHA256"
    version: str = "1.0"
    token: str = "a token"
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa_key(1))

    def headers(self) -> dict[str, str]:
        """What stands above the body."""
        lines = {
            "x-eventbridge-signature-timestamp": str(round(self.at * 1000)),
            "x-eventbridge-hash-method": self.method,
            "x-eventbridge-signature-version": self.version,
            "x-eventbridge-signature-url": self.certificate_url,
            "x-eventbridge-signature-token": self.token,
        }
        said = "".join(f"{name}: {value}\n" for name, value in lines.items())
        signature = self.key.sign(f"{self.url}\n{said}".encode() + self.body, padding.PKCS1v15(), hashes.SHA256())
        return {**lines, "x-eventbridge-signature-v2": base64.b64encode(signature).decode()}
