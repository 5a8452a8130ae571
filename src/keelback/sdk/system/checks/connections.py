"""Rules for channels and signals between domains."""

from __future__ import annotations

from collections.abc import Iterator

from keelback.sdk.system.description import System
from keelback.sdk.system.errors import DescriptionError
from keelback.sdk.system.model import Channel, ProtectionDomain, Signal, VirtualMachine

Mistakes = Iterator[DescriptionError]


def _connections(system: System) -> list[Channel | Signal]:
    return [*system.channels, *system.signals]


def _ends(connection: Channel | Signal) -> tuple[ProtectionDomain, ProtectionDomain]:
    if isinstance(connection, Channel):
        return connection.client, connection.server
    return connection.sender, connection.receiver


def check_members(system: System) -> Mistakes:
    """Both ends of a connection are in the system."""
    members = set(system.domains)
    for connection in _connections(system):
        for domain in _ends(connection):
            if domain not in members:
                message = f"`{connection.name}` connects `{domain.name}`, which is not in the system"
                yield DescriptionError(connection.location, message, f"system.add({domain.name})")


def check_ends(system: System) -> Mistakes:
    """A channel has two different ends."""
    for channel in system.channels:
        if channel.client is channel.server:
            message = f"`{channel.name}` connects `{channel.client.name}` with itself"
            yield DescriptionError(channel.location, message, "a domain calls its own functions directly")


def check_call_priorities(system: System) -> Mistakes:
    """Calls go to a higher priority only, so there is no deadlock and no priority inversion."""
    for channel in system.channels:
        client, server = channel.client, channel.server
        if client is not server and server.priority <= client.priority:
            yield DescriptionError(
                channel.location,
                f"`{client.name}` (priority {client.priority}) calls `{server.name}` (priority {server.priority})",
                "calls go to a higher priority only: raise the server's or lower the client's",
            )


def check_connection_names(system: System) -> Mistakes:
    """What a domain is connected to has a name of its own there."""
    seen: dict[tuple[ProtectionDomain, str], Channel | Signal] = {}
    for connection in _connections(system):
        origin = _ends(connection)[0]
        other = seen.setdefault((origin, connection.name), connection)
        if other is not connection:
            message = f"`{origin.name}` has two connections named `{connection.name}`"
            help_text = f"rename this one or the one at line {other.location.line}"
            yield DescriptionError(connection.location, message, help_text)


def check_ports(system: System) -> Mistakes:
    """A port is a channel's name inside a guest, so its client is a virtual machine, and has one."""
    seen: set[ProtectionDomain] = set()
    for channel in system.channels:
        if channel.port is None:
            continue
        if not isinstance(channel.client, VirtualMachine):
            message = f"port `{channel.port}`: `{channel.client.name}` is not a virtual machine"
            yield DescriptionError(channel.location, message, "leave out port=")
        elif channel.client in seen:
            message = f"`{channel.client.name}` has more than one port"
            yield DescriptionError(channel.location, message, "a virtual machine has one port in this version")
        seen.add(channel.client)
