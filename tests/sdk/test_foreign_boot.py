"""Components in C and in Zig beside one in Python: they call each other, log, and fault with a source line."""

from __future__ import annotations

from pathlib import Path

import pytest

from keelback.sdk import load_system
from keelback.sdk.build import build_system
from keelback.sdk.image.components import ProgramErrors
from keelback.sdk.runner import Emulation, Machine, emulator_command

SYSTEM = """
from keelback.sdk import ProtectionDomain, System

system = System()
system.add_console()
adder = system.add(ProtectionDomain("adder", source="adder.c", priority=200, parameters={"greeting": "adder in C"}))
caller = system.add(ProtectionDomain("caller", source="caller.zig", priority=100))
system.connect(caller, adder, name="adder", buffer="4 KiB")
"""

ADDER = """
#include "keelback.h"

extern const char keel_greeting[];
extern const uint64_t keel_client_buffers_address;

void init(void) { keel_log(keel_greeting); }

void protected(uint64_t badge, struct keel_message *message) {
    const volatile uint8_t *buffer = (const volatile uint8_t *)keel_client_buffers_address;
    message->words[0] += message->words[1] + buffer[0];
    message->words[1] = badge;
    if (message->words[0] == 0)
        *(volatile int *)0x60000000 = 1;
}
"""

CALLER = """
const Message = extern struct { words: [8]u64 };

extern fn keel_call(slot: u64, message: *Message) u64;
extern fn keel_log_number(text: [*:0]const u8, value: u64) void;
extern const keel_adder_slot: u64;
extern const keel_adder_buffer_address: u64;

export fn init() void {
    const buffer: *volatile u8 = @ptrFromInt(keel_adder_buffer_address);
    buffer.* = 100;
    var message = Message{ .words = .{ 20, 3, 0, 0, 0, 0, 0, 0 } };
    keel_log_number("status", keel_call(keel_adder_slot, &message));
    keel_log_number("answer", message.words[0]);
    buffer.* = 0;
    message.words[0] = 0;
    message.words[1] = 0;
    _ = keel_call(keel_adder_slot, &message);
}
"""


def write_system(folder: Path) -> Path:
    (folder / "system.py").write_text(SYSTEM)
    (folder / "adder.c").write_text(ADDER)
    (folder / "caller.zig").write_text(CALLER)
    return folder


@pytest.mark.boot
def test_c_and_zig_components_work_together(tmp_path: Path) -> None:
    built = build_system(load_system(write_system(tmp_path)))
    line = 1 + ADDER.splitlines().index("        *(volatile int *)0x60000000 = 1;")
    command = emulator_command(Emulation(built.board, built.image, built.ram_end, cores=built.cores), interactive=False)
    with Machine(command, limit_s=60) as machine:
        machine.expect(r"^adder\s*\| adder in C$")
        machine.expect(r"^caller\s*\| status 0$")
        machine.expect(r"^caller\s*\| answer 123$")
        machine.expect("adder stopped: fault: write")
        machine.expect(rf"in adder\.c:{line}\b")
    sources = next(part for part in built.manifest["components"] if part["name"] == "adder")["sources"]
    assert [Path(source).name for source in sources] == ["adder.c", "runtime.c", "keelback.h"]


@pytest.mark.boot
def test_a_parameter_nobody_gives_fails_the_build(tmp_path: Path) -> None:
    folder = write_system(tmp_path)
    (folder / "adder.c").write_text(ADDER.replace("keel_client_buffers_address", "keel_levitation_address"))
    with pytest.raises(ProgramErrors, match="undefined symbol: keel_levitation_address"):
        build_system(load_system(folder))
