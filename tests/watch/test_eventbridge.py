"""Signature V2: what EventBridge signed for us just now holds, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.factories import NOW
from tests.watch.signing import CERTIFICATE_URL, URL, Letter, certificate, event, rsa_key
from wanreel.watch.eventbridge import REGIONS, Delivery, Forged, certificate_url, is_loopback, verify

GOOD = certificate(rsa_key(1))


def checked(delivery: Delivery, *, now: float = NOW, pem: bytes = GOOD, hosts: frozenset[str] = frozenset()) -> None:
    """Both halves of the check. Raises Forged."""
    assert delivery.headers["x-eventbridge-signature-url"] == certificate_url(delivery, now, hosts)
    verify(delivery, pem, now)


def sent(letter: Letter, **headers: str) -> Delivery:
    """A letter as it comes, some of its headers exchanged on the way."""
    changed = {f"x-eventbridge-{name.replace('_', '-')}": value for name, value in headers.items()}
    return Delivery(URL, letter.headers() | changed, letter.body)


@pytest.mark.parametrize("late_s", [-60, 0, 60])
def test_a_true_event_holds_for_a_minute(late_s: float) -> None:
    """Either clock may be a minute off."""
    checked(sent(Letter()), now=NOW + late_s)


@pytest.mark.parametrize("region", REGIONS)
def test_certificates_of_every_region_are_believed(region: str) -> None:
    """The closed list of hosts, over https."""
    checked(sent(Letter(certificate_url=f"https://{region}-eventbridge.oss-accelerate.aliyuncs.com/a.pem")))


def test_seconds_are_a_time_too() -> None:
    """The unit of the timestamp is not documented; both are understood."""
    letter = Letter()
    with pytest.raises(Forged, match="does not fit"):
        checked(sent(letter, signature_timestamp=str(round(NOW))))


FORGERIES: dict[str, tuple[Callable[[], Delivery], str]] = {
    "another body": (lambda: Delivery(URL, Letter().headers(), event("task-2")), "does not fit"),
    "one byte more": (lambda: Delivery(URL, Letter().headers(), event() + b" "), "does not fit"),
    "another address": (lambda: sent(Letter(url=URL + "?to=elsewhere")), "does not fit"),
    "another token": (lambda: sent(Letter(), signature_token="other"), "does not fit"),
    "a moved timestamp": (lambda: sent(Letter(), signature_timestamp=str(round(NOW * 1000) + 1)), "does not fit"),
    "a stale one": (lambda: sent(Letter(at=NOW - 61)), "replayed"),
    "one from the future": (lambda: sent(Letter(at=NOW + 61)), "replayed"),
    "no time": (lambda: sent(Letter(), signature_timestamp="yesterday"), "no number"),
    "no signature": (lambda: sent(Letter(), signature_v2=""), "without x-eventbridge-signature-v2"),
    "a signature that is none": (lambda: sent(Letter(), signature_v2="???"), "does not fit"),
    "another key": (lambda: sent(Letter(key=rsa_key(2))), "does not fit"),
    "an older method": (lambda: sent(Letter(method="SHA1")), "another method"),
    "another version": (lambda: sent(Letter(version="2.0")), "another method"),
}


@pytest.mark.parametrize("kind", FORGERIES)
def test_a_forgery_is_seen(kind: str) -> None:
    """Whatever was altered, left out or kept too long."""
    make, words = FORGERIES[kind]
    with pytest.raises(Forged, match=words):
        checked(make())


@pytest.mark.parametrize(
    "where",
    [
        CERTIFICATE_URL.replace("https", "http"),
        CERTIFICATE_URL.replace("cn-beijing", "cn-nowhere"),
        "https://evil.oss-accelerate.aliyuncs.com/a.pem",
        "https://cn-beijing-eventbridge.oss-accelerate.aliyuncs.com.evil.example/a.pem",
        "https://cn-beijing-eventbridge.oss-accelerate.aliyuncs.com@evil.example/a.pem",
        "https://cn-beijing-eventbridge.oss-accelerate.aliyuncs.com:8443/a.pem",
        "http://127.0.0.1:9/a.pem",
        "file:///etc/passwd",
        "https://[",
        "//cn-beijing-eventbridge.oss-accelerate.aliyuncs.com/a.pem",
    ],
)
def test_a_certificate_from_elsewhere_is_not_even_fetched(where: str) -> None:
    """Before anything is fetched its host must be on the closed list."""
    with pytest.raises(Forged, match="certificate"):
        certificate_url(sent(Letter(certificate_url=where)), NOW)


def test_hosts_of_this_machine_can_be_trusted_by_name() -> None:
    """For trying things out with the emulator; another host needs https all the same."""
    emulator, other = "127.0.0.1:4321", "certs.example.com"
    hosts = frozenset({emulator, other})
    checked(sent(Letter(certificate_url=f"http://{emulator}/a.pem")), hosts=hosts)
    with pytest.raises(Forged, match="none to be trusted"):
        checked(sent(Letter(certificate_url=f"http://{other}/a.pem")), hosts=hosts)
    assert [True, True, True, False, False] == [
        is_loopback(host) for host in ("localhost", "127.0.0.1:80", "[::1]:9", "127.0.0.1.example.com", "10.0.0.1")
    ]


def test_a_certificate_must_be_good() -> None:
    """Rubbish, one that has run out, a short key or another kind of key prove nothing."""
    other = ec.generate_private_key(ec.SECP256R1())
    for pem in (
        b"",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        rsa_key(1)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        certificate(rsa_key(1), until=NOW - 10),
        certificate(rsa_key(1), since=NOW + 10),
        certificate(rsa_key(3, 1024)),
        certificate(other),
    ):
        with pytest.raises(Forged, match="certificate"):
            verify(sent(Letter()), pem, NOW)
