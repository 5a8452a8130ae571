"""Runs a built image in the emulator: interactively, or under a script that waits for text and types."""

from keelback.sdk.runner.machine import ConsoleError, Machine
from keelback.sdk.runner.qemu import Emulation, EmulatorMissing, emulator_command, ram_mib

__all__ = ["ConsoleError", "Emulation", "EmulatorMissing", "Machine", "emulator_command", "ram_mib"]
