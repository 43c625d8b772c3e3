"""Checks that the sample events are really signed, so that a verifier tested on them is really tested."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.vendor_contract.load import Item, item, items


def valid_signature(each: Item, certificate: dict[str, Any]) -> bool:
    """RSA PKCS#1 v1.5 over SHA-256, checked with the certificate's own numbers."""
    signed = [name for name in each.headers if name.startswith("x-eventbridge-") and not name.endswith("-v2")]
    lines = [each.url or "", *(f"{name}: {each.headers[name]}" for name in signed), each.text or ""]
    prefix = bytes.fromhex("3031300d060960864801650304020105000420")
    digest = prefix + hashlib.sha256("\n".join(lines).encode()).digest()
    modulus = int(certificate["modulus_hex"], 16)
    length = (modulus.bit_length() + 7) // 8
    wanted = b"\x00\x01" + b"\xff" * (length - len(digest) - 3) + b"\x00" + digest
    signature = int.from_bytes(base64.b64decode(each.headers["x-eventbridge-signature-v2"]))
    return wanted == pow(signature, certificate["exponent"], modulus).to_bytes(length)


def test_the_certificate_holds_the_key_it_names() -> None:
    """The modulus told in plain is the one inside the certificate."""
    pem = item("event-certificate")
    inside = base64.b64decode("".join((pem.text or "").splitlines()[1:-1]))
    assert bytes.fromhex(pem.expect["modulus_hex"]) in inside


@pytest.mark.parametrize("each", [each for each in items("events") if each.method], ids=str)
def test_event_signatures_are_real(each: Item) -> None:
    """Signatures verify unless the item says altered; a stranger's certificate URL is told by its host alone."""
    certificate, expect = item("event-certificate").expect, each.expect
    host = urlsplit(each.headers["x-eventbridge-signature-url"]).hostname or ""
    ours = bool(re.fullmatch(r"[a-z0-9-]+-eventbridge\.oss-accelerate\.aliyuncs\.com", host))
    verdict = "foreign_certificate" if not ours else "valid" if valid_signature(each, certificate) else "invalid"
    assert verdict == expect["signature"]
    assert expect["signed_at"] == int(each.headers["x-eventbridge-signature-timestamp"]) / 1000
    data = each.body["data"]
    instants = [datetime.fromisoformat(data[key] + "+08:00").timestamp() for key in ("start_time", "end_time")]
    assert [expect["started_at"], expect["ended_at"]] == instants
    assert instants[0] <= instants[1] <= datetime.fromisoformat(each.body["time"]).timestamp() <= expect["signed_at"]
    assert (expect["task_id"], expect["status"]) == (data["task_id"], data["task_status"])
    assert data["contain_result"] is False


def test_the_duplicate_event_is_the_same_event() -> None:
    """A second delivery repeats id and body and is signed anew, 90 s after the end."""
    first, again = item("event-succeeded"), item("event-duplicate-late")
    assert first.text == again.text
    assert first.headers["x-eventbridge-signature-v2"] != again.headers["x-eventbridge-signature-v2"]
    assert 90.0 == again.expect["signed_at"] - again.expect["ended_at"]
