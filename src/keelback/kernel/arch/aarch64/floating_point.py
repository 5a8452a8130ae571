"""Floating-point registers, switched only when somebody else uses them.

`Core.fp_owner` is whose values the registers hold. A guest that is not the owner runs with CPTR_EL2.TFP set, a
component with CPACR_EL1.FPEN = 0; its first use traps, and the registers change hands. The kernel never uses them.
"""

from __future__ import annotations

from keelback.abi.limits import CORE_COUNT
from keelback.kernel.arch.aarch64.processor import this_core
from keelback.kernel.arch.aarch64.registers import (
    CPACR_EL1,
    CPACR_FP_OPEN,
    CPTR_EL2,
    CPTR_FP_CLOSED,
    CPTR_FP_OPEN,
)
from keelback.kernel.state import FIRST_VCPU_OWNER, Core, FloatingPoint, cores, fp_states, threads
from keelback.lang import address_of, asm, offset_of, u32, u64, upto

assert offset_of(FloatingPoint, "control") == 512, "the assembly below counts on it"


@asm(
    """
    .arch_extension fp
    .arch_extension simd
    mov x3, {address}
    st1 {{v0.2d, v1.2d, v2.2d, v3.2d}}, [x3], #64
    st1 {{v4.2d, v5.2d, v6.2d, v7.2d}}, [x3], #64
    st1 {{v8.2d, v9.2d, v10.2d, v11.2d}}, [x3], #64
    st1 {{v12.2d, v13.2d, v14.2d, v15.2d}}, [x3], #64
    st1 {{v16.2d, v17.2d, v18.2d, v19.2d}}, [x3], #64
    st1 {{v20.2d, v21.2d, v22.2d, v23.2d}}, [x3], #64
    st1 {{v24.2d, v25.2d, v26.2d, v27.2d}}, [x3], #64
    st1 {{v28.2d, v29.2d, v30.2d, v31.2d}}, [x3], #64
    mrs x1, fpcr
    mrs x2, fpsr
    stp x1, x2, [x3]
    """,
    clobbers=("memory", "x1", "x2", "x3"),
)
def save_registers(address: u64) -> None:
    """Store q0..q31, FPCR and FPSR to the FloatingPoint at `address`. In CPython there are none."""


@asm(
    """
    .arch_extension fp
    .arch_extension simd
    mov x3, {address}
    ld1 {{v0.2d, v1.2d, v2.2d, v3.2d}}, [x3], #64
    ld1 {{v4.2d, v5.2d, v6.2d, v7.2d}}, [x3], #64
    ld1 {{v8.2d, v9.2d, v10.2d, v11.2d}}, [x3], #64
    ld1 {{v12.2d, v13.2d, v14.2d, v15.2d}}, [x3], #64
    ld1 {{v16.2d, v17.2d, v18.2d, v19.2d}}, [x3], #64
    ld1 {{v20.2d, v21.2d, v22.2d, v23.2d}}, [x3], #64
    ld1 {{v24.2d, v25.2d, v26.2d, v27.2d}}, [x3], #64
    ld1 {{v28.2d, v29.2d, v30.2d, v31.2d}}, [x3], #64
    ldp x1, x2, [x3]
    msr fpcr, x1
    msr fpsr, x2
    """,
    clobbers=("memory", "x1", "x2", "x3"),
)
def load_registers(address: u64) -> None:
    """Load q0..q31, FPCR and FPSR from the FloatingPoint at `address`. In CPython there are none."""


@asm("isb", clobbers=("memory",))
def synchronize() -> None:
    """Let a change of CPTR_EL2 take effect (Arm DDI 0487, B2.6.5)."""


def take_over(owner: u32) -> None:
    """Give this core's registers to `owner`, a thread or FIRST_VCPU_OWNER + vcpu, whose use has just trapped."""
    core = this_core()
    save(core)
    load_registers(address_of(fp_states[owner]))
    core.fp_owner = owner
    if owner < FIRST_VCPU_OWNER:
        threads[owner].coprocessor = u64(CPACR_FP_OPEN)
        CPACR_EL1.write(u64(CPACR_FP_OPEN))


def save(core: Core) -> None:
    """Take the registers of this core from their owner. They can be used in the kernel afterwards."""
    owner = core.fp_owner
    CPTR_EL2.write(u64(CPTR_FP_OPEN))
    synchronize()
    if owner != 0:
        save_registers(address_of(fp_states[owner]))
        core.fp_owner = u32(0)
        if owner < FIRST_VCPU_OWNER:
            threads[owner].coprocessor = u64(0)


def close_for_guest(core: Core, index: u32) -> None:
    """Before vcpu `index` runs: let its first use trap, unless it is the owner."""
    is_owner = core.fp_owner == index + FIRST_VCPU_OWNER
    CPTR_EL2.write(u64(CPTR_FP_OPEN) if is_owner else u64(CPTR_FP_CLOSED))


def forget(owner: u32) -> None:
    """Set an owner's registers to zero: it starts afresh. It does not run on any core."""
    for number in upto(CORE_COUNT):
        if cores[number].fp_owner == owner:
            cores[number].fp_owner = u32(0)
    if owner < FIRST_VCPU_OWNER:
        threads[owner].coprocessor = u64(0)
    fp_states[owner].clear()
