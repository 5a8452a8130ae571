"""The demonstration: builds the system of this folder, boots it, plays a scenario and checks every step.

Prints what the machine's console shows, without Linux's boot messages; everything is in build/vault/transcript.txt.
Exits with 1 as soon as a step is not seen. The signatures are checked here with Python's own hmac.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import shlex
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from keelback.reports import tcb
from keelback.sdk import System, load_system
from keelback.sdk.build import BuiltSystem, build_system
from keelback.sdk.runner import ConsoleError, Emulation, Machine, emulator_command

HERE = Path(__file__).resolve().parent
LIMIT_S = 300.0
BOOT_LIMIT_S = 120.0
STEP_LIMIT_S = 30.0

FOCUS_KEY = "\x1d"  # Ctrl-]
PROMPT = r"linux# "
KERNEL_MESSAGE = re.compile(r"^linux +\| \[ *\d+\.\d+\](?! Kernel panic)")
BLANK = re.compile(r"^linux +\| *$")
TERMINAL_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Scene:
    """The running system as the scenario sees it: a shell in Linux, a clerk, and what they got signed."""

    def __init__(self, machine: Machine, key: bytes, takers: list[str]) -> None:
        """`takers`: the components that take what is typed, in the order of their numbers on the console."""
        self.machine = machine
        self.key = key
        self.takers = takers
        self.focus = "linux"

    def await_shell(self) -> None:
        """Until Linux shows its prompt."""
        self.machine.expect(PROMPT, limit_s=BOOT_LIMIT_S)

    def look_at(self, component: str) -> None:
        """Give the keyboard to a component."""
        self.machine.send(f"{FOCUS_KEY}{self.takers.index(component) + 1}")
        self.machine.expect(rf"^console +\| keys go to {component}\b.*\n", limit_s=STEP_LIMIT_S)
        self.focus = component

    def run_in_guest(self, command: str, pattern: str, *, limit_s: float = STEP_LIMIT_S) -> str:
        """Type a command at Linux's shell; returns the line of output that matches, once the prompt is there again."""
        self.machine.send(f"{command}\n")
        found = self.machine.expect(rf"^linux +\| ({pattern})\n", limit_s=limit_s)
        self.machine.expect(PROMPT, limit_s=limit_s)
        return found.group(1)

    def guest_signs(self, text: str) -> str:
        """Run the guest's program `sign`; returns the signature after checking it."""
        return self._checked(text, self.run_in_guest(f"sign {shlex.quote(text)}", r"[0-9a-f]{64}"))

    def clerk_signs(self, text: str) -> str:
        """Have the clerk, which must have the keyboard, get a text signed; returns the signature after checking it."""
        self.machine.send(f"sign {text}\n")
        found = self.machine.expect(r"^clerk +\| signature ([0-9a-f]{64})\n", limit_s=STEP_LIMIT_S)
        return self._checked(text, found.group(1))

    def greeting_signed(self) -> str:
        """The clerk's first signature, which it asks for by itself."""
        found = self.machine.expect(r"^clerk +\| signature ([0-9a-f]{64})\n", limit_s=BOOT_LIMIT_S)
        return self._checked("the clerk is at work", found.group(1))

    def _checked(self, text: str, signature: str) -> str:
        expected = hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signature, expected):
            raise ConsoleError(f"the signature of {text!r} is {signature}, but HMAC-SHA-256 gives {expected}")
        return signature


def key_of(system: System) -> bytes:
    """The vault's key, out of the description."""
    vault = next(domain for domain in system.domains if domain.name == "vault")
    return bytes.fromhex(str(vault.parameters["key_hex"]))


def takers_of(system: System) -> list[str]:
    """The components that take what is typed."""
    return [domain.name for domain in system.domains if domain.keyboard]


@contextmanager
def booted(
    system: System, built: BuiltSystem, *, counted: bool = False, extra: tuple[str, ...] = ()
) -> Generator[Scene]:
    """A built system, running in the emulator until the block ends; `counted`: one instruction is one nanosecond."""
    emulation = Emulation(built.board, built.image, built.ram_end, cores=built.cores, counted=counted, extra=extra)
    with Machine(emulator_command(emulation, interactive=False), limit_s=LIMIT_S) as machine:
        yield Scene(machine, key_of(system), takers_of(system))


class Transcript:
    """Prints what the console showed since the last time, without Linux's boot messages."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._shown = 0

    def show(self) -> None:
        """Print what came, up to the last whole line; a run of boot messages becomes one line."""
        text = self._machine.transcript
        end = text.rfind("\n") + 1
        hidden = 0
        for line in TERMINAL_CONTROL.sub("", text[self._shown : end]).splitlines():
            if BLANK.match(line):
                continue
            if KERNEL_MESSAGE.match(line):
                hidden += 1
                continue
            self._tell_hidden(hidden)
            hidden = 0
            print(f"    {line}".rstrip())
        self._tell_hidden(hidden)
        self._shown = max(self._shown, end)
        sys.stdout.flush()

    @staticmethod
    def _tell_hidden(count: int) -> None:
        if count:
            print(f"    linux     | ... {count} boot and kernel messages ...")


class Steps:
    """Numbered headings with the time they took."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._count = 0

    def begin(self, title: str) -> None:
        """Print a heading."""
        self._count += 1
        print(f"\n[{self._count}] {title}", flush=True)

    def seen(self, text: str) -> None:
        """Print what was checked."""
        print(f"    ==> {text}   ({time.monotonic() - self._started:.1f} s)", flush=True)


def build(steps: Steps) -> tuple[System, BuiltSystem]:
    """The system of this folder, built."""
    steps.begin("Build: kernel, drivers, monitor and components from typed Python to AArch64")
    system = load_system(HERE)
    built = build_system(system, progress=lambda text: print(f"    keel: {text}", flush=True))
    steps.seen(f"the image is built; it needs RAM up to {built.ram_end:#x}")
    return system, built


def play(scene: Scene, steps: Steps, transcript: Transcript) -> None:
    """The scenario. ConsoleError when a step is not seen."""
    steps.begin("Boot: Keelback at EL2, its components at EL0, Debian's unmodified kernel in a virtual machine")
    signature = scene.greeting_signed()
    scene.await_shell()
    transcript.show()
    steps.seen(f"the clerk's first signature {signature[:16]}... is right, and Linux has booted to a shell")

    steps.begin("Linux asks the vault for a signature, through /dev/virtio-ports/vault")
    signature = scene.guest_signs("hello from Debian")
    transcript.show()
    steps.seen(f"hmac on this host gives the same {signature[:16]}...")

    steps.begin("Crash Linux's kernel; meanwhile the vault answers the clerk")
    scene.machine.send("echo c > /proc/sysrq-trigger\n")
    scene.machine.expect(r"Kernel panic - not syncing.*\n", limit_s=STEP_LIMIT_S)
    scene.look_at("clerk")
    signature = scene.clerk_signs("Linux is down")
    if "restarting it" in scene.machine.transcript:
        raise ConsoleError("Linux was restarted before the clerk had its signature: this shows nothing")
    transcript.show()
    steps.seen(f"signed while Linux is dead, and right: {signature[:16]}...")

    steps.begin("The virtual machine's monitor restarts Linux, which signs again")
    scene.machine.expect(r"^linux-vmm +\| .*restarting it", limit_s=STEP_LIMIT_S)
    scene.look_at("linux")
    scene.await_shell()
    signature = scene.guest_signs("hello again")
    transcript.show()
    steps.seen(f"signed after the restart, and right: {signature[:16]}...")


def main() -> int:
    """Build, play, report; 0 if every step was seen."""
    steps = Steps()
    system, built = build(steps)
    with booted(system, built) as scene:
        transcript = Transcript(scene.machine)
        try:
            play(scene, steps, transcript)
        except ConsoleError as unseen:
            transcript.show()
            print(f"\nFAILED: {unseen}", file=sys.stderr)
            return 1
        finally:
            scene.machine.save_transcript(built.folder / "transcript.txt")
    steps.begin("What the vault had to trust meanwhile, beside what it would have to trust elsewhere")
    print(tcb.render(tcb.measure_trust(built.manifest)))
    print(f"\nAll steps seen. The whole console: {built.folder / 'transcript.txt'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
