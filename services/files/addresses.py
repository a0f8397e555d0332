"""Which addresses of the network belong to the public internet."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_NOT_PUBLIC_V4 = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # behind a provider's NAT; some clouds have their metadata here
        "127.0.0.0/8",
        "168.63.129.16/32",  # looks public, but is what Azure's machines get their configuration from
        "169.254.0.0/16",  # where most clouds have their metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_PUBLIC_V6 = ip_network("2000::/3")
_NOT_PUBLIC_V6 = tuple(
    ip_network(network)
    for network in (
        "2001::/23",  # protocols, among them Teredo, which has an IPv4 address inside
        "2001:db8::/32",
        "2002::/16",  # 6to4, which has an IPv4 address inside
        "3fff::/20",
    )
)
_NAT64 = ip_network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, and not of this machine, its network, or its cloud.

    The lists are ours, because those of `ipaddress` differ between versions of Python, and miss what clouds use. For
    IPv6, all that isn't known to be public counts as private; an address that holds an IPv4 address is judged by that,
    where a network needs such addresses (NAT64), and refused where nobody does.
    """
    try:
        parsed = ip_address(address)
    except ValueError:  # such as one with a zone, which only local addresses have
        return False
    if isinstance(parsed, IPv6Address):
        return _is_public_v6(parsed)
    return not any(parsed in network for network in _NOT_PUBLIC_V4)


def _is_public_v6(address: IPv6Address) -> bool:
    if address in _NAT64:
        return is_public(str(IPv4Address(int(address) & 0xFFFFFFFF)))
    return address in _PUBLIC_V6 and not any(address in network for network in _NOT_PUBLIC_V6)
