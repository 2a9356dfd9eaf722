"""Which addresses a shop may have: a host name is resolved once, and the connection goes to what was checked.

A listing is written by strangers and names hosts freely; without this, a picture's address could read a machine of the
local network or a cloud's metadata service. Resolving again between check and connection would undo the check.
"""

import ipaddress
import socket
from collections.abc import Collection

from reel_pipeline.errors import CatalogError, SourceUnavailable

_MAX_ADDRESSES = 4
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""RFC 6052: how a machine that has only IPv6 reaches an IPv4 host; the last 32 bits are that host."""
_ALLOCATED = ipaddress.ip_network("2000::/3")
"""All of IPv6 that is given out for the public internet (IANA)."""
_NEVER = [
    ipaddress.ip_network(text)
    for text in (
        *("100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
]
"""Not public, or tunnels to IPv4 (Teredo, 6to4); written out because `is_global` differs between Python releases."""
_ISATAP = (0x00005EFE, 0x02005EFE)
"""RFC 5214: the upper half of an interface identifier whose lower half is an IPv4 address."""


def is_public(address: str) -> bool:
    """Whether a numeric address belongs to the public internet, also when it hides an IPv4 address inside IPv6."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.scope_id is not None:
            return False
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        if ip not in _ALLOCATED or (int(ip) >> 32) & 0xFFFFFFFF in _ISATAP:
            return False
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _NEVER)


def resolve(host: str, port: int, private_hosts: Collection[str]) -> list[str]:
    """The numeric addresses of `host`; each is public unless `private_hosts` names the host.

    Raises `SourceUnavailable` when the name has no address now, `CatalogError` when one of its addresses is not public.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise SourceUnavailable(f"{host} can't be found; check the address and this machine's network.") from None
    addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
    if host not in private_hosts and not all(is_public(address) for address in addresses):
        raise CatalogError(
            f"{host} is an address inside a private network; if it is your own, name it in allow_private_hosts of "
            "reel_pipeline.toml, or in the variable REEL_PIPELINE_ALLOW_PRIVATE_HOSTS."
        )
    return addresses[:_MAX_ADDRESSES]
