"""A supervisor that makes components at run time: creates, loads, runs, restarts and destroys them.

`keel run examples/supervisor` shows it. First the same worker lives and dies CYCLES times, restarted once each time;
then a server crashes under its customer, who is told that it was restarted and goes on.
"""

from keelback.sdk import ComponentImage, Pool, ProtectionDomain, System

CYCLES = 10_000
FRAMES_EACH = 24

system = System(board="qemu-virt-aarch64")
system.add_console()
supervisor = system.add(
    ProtectionDomain(
        "supervisor",
        source="supervisor.py",
        priority=100,
        pool=Pool(
            threads=2,
            tables=(2, 16),
            spaces=2,
            page_tables=6,
            endpoints=2,
            notifications=2,
            frames=2 * FRAMES_EACH,
        ),
        loads={
            "worker": ComponentImage("worker.py"),
            "adder": ComponentImage("adder.py"),
            "customer": ComponentImage("customer.py"),
        },
        parameters={"cycles": CYCLES},
    )
)
