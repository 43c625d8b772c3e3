"""Which addresses a user's link may lead to, in every spelling an address can hide in."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wanreel.domain.addresses import is_public, read_address

PRIVATE_4 = (
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254"),
    *("168.63.129.16", "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.192"),
    *("192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
    *("239.255.255.250", "240.0.0.1", "255.255.255.255"),
)
PRIVATE_6 = (
    *("::", "::1", "::7f00:1", "fe80::1", "fe80::a9fe:a9fe", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1"),
    *("1::1", "64:ff9c::1", "1fff::1", "4000::1", "6000::1", "8000::1", "c000::1", "e000::1", "f000::1", "fe00::1"),
    *("2001:db8::1", "3fff::1", "100::1", "2001::1", "2001:10::1", "64:ff9b:1::a00:1", "5f00::1"),
)
PUBLIC = (
    *("1.1.1.1", "8.8.8.8", "47.88.1.1", "93.184.216.34"),
    *("2001:200::1", "2606:4700::1111", "2400:3200::1", "2a00:1450::1", "3ffe::1", "64:ff9b::808:808"),
)


def carriers(four: ipaddress.IPv4Address) -> dict[str, str]:
    """Every way an IPv6 address can stand for an IPv4 one."""
    number = int(four)
    high, low = number >> 16, number & 0xFFFF
    return {
        "mapped": f"::ffff:{four}",
        "compatible": f"::{high:x}:{low:x}",
        "NAT64": f"64:ff9b::{high:x}:{low:x}",
        "6to4": f"2002:{high:x}:{low:x}::1",
        "ISATAP": f"2606:4700::5efe:{high:x}:{low:x}",
    }


@pytest.mark.parametrize("text", [*PRIVATE_4, *PRIVATE_6])
def test_private_addresses_are_none_of_ours(text: str) -> None:
    """Loopback, private, link-local, shared, metadata, multicast, reserved, documentation."""
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_are_fine(text: str) -> None:
    """Those of the internet, also through NAT64."""
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("four", PRIVATE_4)
@pytest.mark.parametrize("kind", ["mapped", "compatible", "NAT64", "6to4", "ISATAP"])
def test_an_address_inside_another_counts(four: str, kind: str) -> None:
    """What an IPv6 address carries is where it leads."""
    assert not is_public(ipaddress.ip_address(carriers(ipaddress.IPv4Address(four))[kind]))


@given(st.ip_addresses(v=4))
def test_no_carrier_makes_an_address_more_public(four: ipaddress.IPv4Address) -> None:
    """Whatever is refused plainly is refused in every spelling."""
    for spelling in carriers(four).values():
        assert is_public(four) or not is_public(ipaddress.ip_address(spelling))


def test_zones_and_brackets_are_taken_off_and_names_are_names() -> None:
    """A zone makes no other address of it."""
    assert ipaddress.ip_address("fe80::1") == read_address("[fe80::1%25eth0]") == read_address("fe80::1%eth0")
    assert None is read_address("example.com") is read_address("127.1") is read_address("2130706433")
