"""Which network addresses outgoing calls may reach."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# What Python's `is_global` of some supported versions lets through (IANA special-purpose
# registries): protocol assignments, 6to4 relays, Teredo and ORCHID, local NAT64, site-local.
_SPECIAL: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "100::/64",
        "2001::/23",
        "3fff::/20",
        "5f00::/16",
        "64:ff9b:1::/48",
        "fec0::/10",
        "::/96",
    )
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: Address) -> bool:
    """Whether an address is an ordinary one of the public Internet.

    IPv6 addresses that lead to an IPv4 address (mapped, 6to4, NAT64) count as that one.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return False
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(inner)
    if any(address in network for network in _SPECIAL if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """The private hosts that an operator allows: names, addresses and networks."""

    names: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> AllowedHosts:
        """From `settings.allowed_private_hosts`: comma separated. Raises `ValueError`."""
        names: set[str] = set()
        networks: list[Network] = []
        for part in filter(None, (part.strip() for part in text.split(","))):
            try:
                networks.append(ipaddress.ip_network(part.strip("[]"), strict=False))
            except ValueError as error:
                if "/" in part or not part.isascii():
                    raise ValueError(
                        f"allowed_private_hosts: {part!r} is no host name, address or network"
                    ) from error
                names.add(normal_host(part))
        return cls(frozenset(names), tuple(networks))

    def has_name(self, host: str) -> bool:
        """Whether this very name is allowed, whatever its addresses are."""
        return normal_host(host) in self.names

    def permits(self, address: Address) -> bool:
        """Whether this address lies in an allowed network."""
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        return any(
            candidate in network
            for candidate in (address, mapped)
            if candidate is not None
            for network in self.networks
            if network.version == candidate.version
        )


def normal_host(host: str) -> str:
    """A host name as it is compared: lower case, without the root's dot."""
    return host.lower().rstrip(".")


def as_address(host: str) -> Address | None:
    """The address that a URL's host is, if it is one in its standard notation."""
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
