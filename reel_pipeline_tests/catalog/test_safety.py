"""Which addresses count as public, and that a name is never connected to by another address than the checked one."""

import ipaddress
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reel_pipeline.catalog.web.safety import is_public, resolve
from reel_pipeline.errors import CatalogError, SourceUnavailable

PRIVATE = [
    *("127.0.0.1", "127.8.9.10", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
    *("100.64.0.1", "100.127.255.254", "192.0.0.8", "192.0.2.1", "198.18.0.1", "203.0.113.9", "224.0.0.1"),
    *("240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1"),
    *("ff02::1", "ff0e::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:100.64.0.1", "::127.0.0.1", "::10.0.0.1", "64:ff9b::7f00:1"),
    *("64:ff9b::a00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:808:808::1", "2001::1", "2001:db8::1", "3fff::1"),
    *("2600::5efe:7f00:1", "2600::200:5efe:a00:1", "100::1", "5f00::1", "not an address", ""),
]
PUBLIC = ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::200e", "::ffff:1.1.1.1", "64:ff9b::101:101"]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_no_more_public_inside_ipv6(address: ipaddress.IPv4Address) -> None:
    inside = [f"::ffff:{address}", str(ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) + int(address)))]
    assert {is_public(text) for text in inside} == {is_public(str(address))}
    assert not is_public(f"::{address}")
    assert not is_public(str(ipaddress.IPv6Address((0x2002 << 112) + (int(address) << 80))))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "::1", "::ffff:127.0.0.1"])
def test_a_private_host_is_refused_unless_it_is_named(host: str) -> None:
    with pytest.raises(CatalogError, match="allow_private_hosts"):
        resolve(host, 80, ())
    assert resolve(host, 80, (host,))


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(host: str, port: int, **kind: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ("1.1.1.1", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with pytest.raises(CatalogError, match="private network"):
        resolve("shop.example", 443, ())


def test_a_name_without_address_says_so() -> None:
    with pytest.raises(SourceUnavailable, match="can't be found"):
        resolve("no-such-host.invalid", 443, ())
