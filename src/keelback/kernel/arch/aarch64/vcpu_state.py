"""EL1 state: what is in the processor, and when it is exchanged.

Everything of a guest that components cannot see stays in the processor while they run; it is exchanged only when
another vcpu runs (`Core.loaded`). Six registers act on EL0 too and are exchanged on each way between guest and
component, as are HCR_EL2 and VTTBR_EL2 (`Core.in_guest`). No barriers: the exception return
synchronizes (Arm DDI 0487, D1.3.3).
"""

from __future__ import annotations

from keelback.kernel.arch.aarch64 import floating_point
from keelback.kernel.arch.aarch64.list_registers import (
    HCR_ENABLE,
    HCR_UNDERFLOW,
    load_list_registers,
    save_list_registers,
)
from keelback.kernel.arch.aarch64.registers import (
    AFSR0_EL1,
    AFSR1_EL1,
    AMAIR_EL1,
    CNTKCTL_EL1,
    CNTV_CTL_EL0,
    CNTV_CVAL_EL0,
    COMPONENT_CNTKCTL,
    COMPONENT_HCR,
    COMPONENT_SCTLR,
    CONTEXTIDR_EL1,
    CPACR_EL1,
    CPTR_EL2,
    CPTR_FP_CLOSED,
    CPTR_FP_OPEN,
    CSSELR_EL1,
    ELR_EL1,
    ESR_EL1,
    FAR_EL1,
    GUEST_HCR,
    HCR_EL2,
    ICH_AP0R0_EL2,
    ICH_AP1R0_EL2,
    ICH_HCR_EL2,
    ICH_VMCR_EL2,
    MAIR_EL1,
    MIDR_EL1,
    PAR_EL1,
    RESET_SCTLR,
    RESET_STATE,
    SCTLR_EL1,
    SP_EL1,
    SPSR_EL1,
    TCR_EL1,
    TPIDR_EL0,
    TPIDR_EL1,
    TPIDRRO_EL0,
    TTBR0_EL1,
    TTBR1_EL1,
    VBAR_EL1,
    VMPIDR_EL2,
    VPIDR_EL2,
    VTTBR_EL2,
)
from keelback.kernel.arch.aarch64.timer import arm, is_armed
from keelback.kernel.state import FIRST_VCPU_OWNER, El1, Thread, Vcpu, cores, threads, vcpus
from keelback.lang import address_of, asm, inline, u32, u64, upto


@inline
def save_shared(el1: El1) -> None:
    """Save the EL1 registers that act on EL0."""
    sctlr = SCTLR_EL1.read()
    tcr = TCR_EL1.read()
    cpacr = CPACR_EL1.read()
    cntkctl = CNTKCTL_EL1.read()
    tpidr_el0 = TPIDR_EL0.read()
    tpidrro_el0 = TPIDRRO_EL0.read()
    el1.sctlr = sctlr
    el1.tcr = tcr
    el1.cpacr = cpacr
    el1.cntkctl = cntkctl
    el1.tpidr_el0 = tpidr_el0
    el1.tpidrro_el0 = tpidrro_el0


@inline
def load_shared(el1: El1) -> None:
    """Load the EL1 registers that act on EL0."""
    sctlr = el1.sctlr
    tcr = el1.tcr
    cpacr = el1.cpacr
    cntkctl = el1.cntkctl
    tpidr_el0 = el1.tpidr_el0
    tpidrro_el0 = el1.tpidrro_el0
    SCTLR_EL1.write(sctlr)
    TCR_EL1.write(tcr)
    CPACR_EL1.write(cpacr)
    CNTKCTL_EL1.write(cntkctl)
    TPIDR_EL0.write(tpidr_el0)
    TPIDRRO_EL0.write(tpidrro_el0)


@inline
def set_component_registers() -> None:
    """Give the registers that act on EL0 their values for components. CPACR_EL1 and TPIDR_EL0 are each thread's own."""
    HCR_EL2.write(u64(COMPONENT_HCR))
    SCTLR_EL1.write(u64(COMPONENT_SCTLR))
    TCR_EL1.write(u64(0))
    CNTKCTL_EL1.write(u64(COMPONENT_CNTKCTL))
    TPIDRRO_EL0.write(u64(0))


def save_rest(el1: El1) -> None:
    """Save the EL1 registers that components cannot see, and stop the timer."""
    el1.ttbr0 = TTBR0_EL1.read()
    el1.ttbr1 = TTBR1_EL1.read()
    el1.mair = MAIR_EL1.read()
    el1.amair = AMAIR_EL1.read()
    el1.vbar = VBAR_EL1.read()
    el1.esr = ESR_EL1.read()
    el1.far = FAR_EL1.read()
    el1.afsr0 = AFSR0_EL1.read()
    el1.afsr1 = AFSR1_EL1.read()
    el1.elr = ELR_EL1.read()
    el1.spsr = SPSR_EL1.read()
    el1.sp = SP_EL1.read()
    el1.tpidr = TPIDR_EL1.read()
    el1.par = PAR_EL1.read()
    el1.contextidr = CONTEXTIDR_EL1.read()
    el1.csselr = CSSELR_EL1.read()
    el1.cntv_ctl = CNTV_CTL_EL0.read() & 3
    el1.cntv_cval = CNTV_CVAL_EL0.read()
    CNTV_CTL_EL0.write(u64(0))


def load_rest(el1: El1) -> None:
    """Load the EL1 registers that components cannot see. The timer starts last, with its deadline set."""
    TTBR0_EL1.write(el1.ttbr0)
    TTBR1_EL1.write(el1.ttbr1)
    MAIR_EL1.write(el1.mair)
    AMAIR_EL1.write(el1.amair)
    VBAR_EL1.write(el1.vbar)
    ESR_EL1.write(el1.esr)
    FAR_EL1.write(el1.far)
    AFSR0_EL1.write(el1.afsr0)
    AFSR1_EL1.write(el1.afsr1)
    ELR_EL1.write(el1.elr)
    SPSR_EL1.write(el1.spsr)
    SP_EL1.write(el1.sp)
    TPIDR_EL1.write(el1.tpidr)
    PAR_EL1.write(el1.par)
    CONTEXTIDR_EL1.write(el1.contextidr)
    CSSELR_EL1.write(el1.csselr)
    CNTV_CVAL_EL0.write(el1.cntv_cval)
    CNTV_CTL_EL0.write(el1.cntv_ctl)


def unload() -> None:
    """Take the loaded vcpu's state out of the processor. No guest runs at the moment."""
    core = cores[0]
    index = core.loaded
    if index == 0:
        return
    vcpu = vcpus[index]
    save_rest(vcpu.el1)
    save_list_registers(vcpu)
    vcpu.interface_control = ICH_VMCR_EL2.read()
    vcpu.active_group0 = ICH_AP0R0_EL2.read()
    vcpu.active_group1 = ICH_AP1R0_EL2.read()
    ICH_HCR_EL2.write(u64(0))
    core.loaded = u32(0)
    if is_armed(index):
        arm(vcpu.el1.cntv_cval)


def load(index: u32) -> None:
    """Put a vcpu's state into the processor, all but the registers that act on EL0."""
    unload()
    vcpu = vcpus[index]
    load_rest(vcpu.el1)
    VMPIDR_EL2.write(vcpu.mpidr)
    VPIDR_EL2.write(MIDR_EL1.read() if vcpu.midr == 0 else vcpu.midr)
    load_list_registers(vcpu)
    ICH_VMCR_EL2.write(vcpu.interface_control)
    ICH_AP0R0_EL2.write(vcpu.active_group0)
    ICH_AP1R0_EL2.write(vcpu.active_group1)
    is_short_of_room = vcpu.wants_room or vcpu.timer_due
    ICH_HCR_EL2.write(u64(HCR_ENABLE | HCR_UNDERFLOW) if is_short_of_room else u64(HCR_ENABLE))
    cores[0].loaded = index
    floating_point.close_for_guest(index)


def unload_vcpu(index: u32) -> None:
    """Make sure that a vcpu's state is in the table."""
    if cores[0].loaded == index:
        unload()


@inline
def enter_guest(index: u32) -> u64:
    """Set up the processor for a vcpu, and give the address of its context."""
    core = cores[0]
    if not core.in_guest:
        return enter_guest_from(threads[core.component], index)
    if core.loaded != index:
        save_shared(vcpus[core.loaded].el1)
        load(index)
        load_guest(vcpus[index])
    return address_of(vcpus[index])


@inline
def enter_guest_from(thread: Thread, index: u32) -> u64:
    """As enter_guest, when the processor is set up for `thread`."""
    core = cores[0]
    thread.thread_pointer = TPIDR_EL0.read()
    core.component = u32(0)
    core.in_guest = True
    if core.loaded != index:
        load(index)
    elif core.fp_owner < FIRST_VCPU_OWNER:
        CPTR_EL2.write(u64(CPTR_FP_CLOSED))
    load_guest(vcpus[index])
    return address_of(vcpus[index])


@inline
def load_guest(vcpu: Vcpu) -> None:
    """Load what components can see of a vcpu's state."""
    stage2 = vcpu.stage2
    load_shared(vcpu.el1)
    HCR_EL2.write(u64(GUEST_HCR))
    VTTBR_EL2.write(stage2)


@inline
def enter_component(index: u32, thread: Thread) -> u64:
    """Set up the processor for thread `index` of a component, and give the address of its context."""
    core = cores[0]
    if core.component == index:
        return address_of(thread)
    if core.in_guest:
        return leave_guest(core.loaded, index, thread)
    return switch_component(threads[core.component], index, thread)


@inline
def switch_component(before: Thread, index: u32, thread: Thread) -> u64:
    """As enter_component, when the processor is set up for the thread `before`."""
    before.thread_pointer = TPIDR_EL0.read()
    return load_component(index, thread)


@inline
def leave_guest(loaded: u32, index: u32, thread: Thread) -> u64:
    """As enter_component, when the processor is set up for the vcpu `loaded`."""
    save_shared(vcpus[loaded].el1)
    set_component_registers()
    cores[0].in_guest = False
    return load_component(index, thread)


@inline
def load_component(index: u32, thread: Thread) -> u64:
    """Load what is each thread's own, and give the address of its context."""
    stage2 = thread.stage2
    coprocessor = thread.coprocessor
    thread_pointer = thread.thread_pointer
    cores[0].component = index
    VTTBR_EL2.write(stage2)
    CPACR_EL1.write(coprocessor)
    TPIDR_EL0.write(thread_pointer)
    if coprocessor != 0:
        CPTR_EL2.write(u64(CPTR_FP_OPEN))
    return address_of(thread)


def forget_thread(index: u32) -> None:
    """A thread starts afresh: nothing of it in the processor counts any more."""
    core = cores[0]
    if core.component == index:
        core.component = u32(0)
    floating_point.forget(index)


@asm("dsb ish\ntlbi alle1\nic iallu\ndsb ish\nisb", clobbers=("memory",))
def forget_translations() -> None:
    """Invalidate what the processor remembers of guests' address spaces and instructions."""


def reset_vcpu(index: u32) -> None:
    """Give a vcpu that does not run the state of a processor after reset."""
    unload_vcpu(index)
    forget_translations()
    vcpu = vcpus[index]
    vcpu.el1.copy_from(vcpus[0].el1)
    vcpu.el1.sctlr = u64(RESET_SCTLR)
    clear_context(vcpu)
    for number in upto(len(vcpu.list_registers)):
        vcpu.list_registers[number] = u64(0)
    vcpu.interface_control = u64(0)
    vcpu.active_group0 = u64(0)
    vcpu.active_group1 = u64(0)
    floating_point.forget(index + FIRST_VCPU_OWNER)


def clear_context(vcpu: Vcpu) -> None:
    """Give the context of a vcpu its values after reset."""
    vcpu.context.copy_from(vcpus[0].context)
    vcpu.context.process_state = u64(RESET_STATE)
