"""EL1 state: what is in the processor, and when it is exchanged.

Everything of a guest that components cannot see stays in the processor while they run; it is exchanged only when
another vcpu runs (`Core.loaded`). Six registers act on EL0 too and are exchanged on each way between guest and
component, as are HCR_EL2 and VTTBR_EL2 (`Core.in_guest`). No barriers: the exception return
synchronizes (Arm DDI 0487, D1.3.3). All of this is for each core; other cores say in `Core.asked` what they want saved.
"""

from __future__ import annotations

from typing import Final

from keelback.abi.limits import CORE_COUNT
from keelback.kernel.arch.aarch64 import floating_point, gic, list_registers
from keelback.kernel.arch.aarch64 import registers as system
from keelback.kernel.arch.aarch64.processor import this_core
from keelback.kernel.state import (
    ASKED_INJECT,
    ASKED_UNLOAD,
    FIRST_VCPU_OWNER,
    Core,
    El1,
    Thread,
    Vcpu,
    cores,
    threads,
    translations,
    vcpus,
)
from keelback.lang import address_of, asm, inline, noinline, u32, u64, upto

SHARED_BIT: Final = 48 + 7
"""VMIDs from 128 on, in VTTBR_EL2, are shared by several address spaces (`translations`)."""


@asm("isb\ntlbi vmalls12e1\ndsb nsh\nisb", clobbers=("memory",))
def forget_present_space() -> None:
    """Invalidate what this core remembers of the address space in VTTBR_EL2."""


@inline
def save_shared(el1: El1) -> None:
    """Save the EL1 registers that act on EL0."""
    sctlr = system.SCTLR_EL1.read()
    tcr = system.TCR_EL1.read()
    cpacr = system.CPACR_EL1.read()
    cntkctl = system.CNTKCTL_EL1.read()
    tpidr_el0 = system.TPIDR_EL0.read()
    tpidrro_el0 = system.TPIDRRO_EL0.read()
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
    system.SCTLR_EL1.write(sctlr)
    system.TCR_EL1.write(tcr)
    system.CPACR_EL1.write(cpacr)
    system.CNTKCTL_EL1.write(cntkctl)
    system.TPIDR_EL0.write(tpidr_el0)
    system.TPIDRRO_EL0.write(tpidrro_el0)


@inline
def set_component_registers() -> None:
    """Give the registers that act on EL0 their values for components. CPACR_EL1 and TPIDR_EL0 are each thread's own."""
    system.HCR_EL2.write(u64(system.COMPONENT_HCR))
    system.SCTLR_EL1.write(u64(system.COMPONENT_SCTLR))
    system.TCR_EL1.write(u64(0))
    system.CNTKCTL_EL1.write(u64(system.COMPONENT_CNTKCTL))
    system.TPIDRRO_EL0.write(u64(0))


def save_rest(el1: El1) -> None:
    """Save the EL1 registers that components cannot see, and stop the timer."""
    el1.ttbr0 = system.TTBR0_EL1.read()
    el1.ttbr1 = system.TTBR1_EL1.read()
    el1.mair = system.MAIR_EL1.read()
    el1.amair = system.AMAIR_EL1.read()
    el1.vbar = system.VBAR_EL1.read()
    el1.esr = system.ESR_EL1.read()
    el1.far = system.FAR_EL1.read()
    el1.afsr0 = system.AFSR0_EL1.read()
    el1.afsr1 = system.AFSR1_EL1.read()
    el1.elr = system.ELR_EL1.read()
    el1.spsr = system.SPSR_EL1.read()
    el1.sp = system.SP_EL1.read()
    el1.tpidr = system.TPIDR_EL1.read()
    el1.par = system.PAR_EL1.read()
    el1.contextidr = system.CONTEXTIDR_EL1.read()
    el1.csselr = system.CSSELR_EL1.read()
    el1.cntv_ctl = system.CNTV_CTL_EL0.read() & 3
    el1.cntv_cval = system.CNTV_CVAL_EL0.read()
    system.CNTV_CTL_EL0.write(u64(0))


def load_rest(el1: El1) -> None:
    """Load the EL1 registers that components cannot see. The timer starts last, with its deadline set."""
    system.TTBR0_EL1.write(el1.ttbr0)
    system.TTBR1_EL1.write(el1.ttbr1)
    system.MAIR_EL1.write(el1.mair)
    system.AMAIR_EL1.write(el1.amair)
    system.VBAR_EL1.write(el1.vbar)
    system.ESR_EL1.write(el1.esr)
    system.FAR_EL1.write(el1.far)
    system.AFSR0_EL1.write(el1.afsr0)
    system.AFSR1_EL1.write(el1.afsr1)
    system.ELR_EL1.write(el1.elr)
    system.SPSR_EL1.write(el1.spsr)
    system.SP_EL1.write(el1.sp)
    system.TPIDR_EL1.write(el1.tpidr)
    system.PAR_EL1.write(el1.par)
    system.CONTEXTIDR_EL1.write(el1.contextidr)
    system.CSSELR_EL1.write(el1.csselr)
    system.CNTV_CVAL_EL0.write(el1.cntv_cval)
    system.CNTV_CTL_EL0.write(el1.cntv_ctl)


def unload(core: Core) -> None:
    """Take the loaded vcpu's state out of the processor. No guest runs at the moment."""
    index = core.loaded
    if index == 0:
        return
    vcpu = vcpus[index]
    save_rest(vcpu.el1)
    list_registers.save_list_registers(vcpu)
    vcpu.interface_control = system.ICH_VMCR_EL2.read()
    vcpu.active_group0 = system.ICH_AP0R0_EL2.read()
    vcpu.active_group1 = system.ICH_AP1R0_EL2.read()
    system.ICH_HCR_EL2.write(u64(0))
    vcpu.loaded_on = u32(0)
    core.loaded = u32(0)


def load(core: Core, index: u32) -> None:
    """Put a vcpu's state into the processor, all but the registers that act on EL0."""
    unload(core)
    vcpu = vcpus[index]
    load_rest(vcpu.el1)
    system.VMPIDR_EL2.write(vcpu.mpidr)
    system.VPIDR_EL2.write(system.MIDR_EL1.read() if vcpu.midr == 0 else vcpu.midr)
    list_registers.load_list_registers(vcpu)
    system.ICH_VMCR_EL2.write(vcpu.interface_control)
    system.ICH_AP0R0_EL2.write(vcpu.active_group0)
    system.ICH_AP1R0_EL2.write(vcpu.active_group1)
    system.ICH_HCR_EL2.write(u64(list_registers.HCR_ENABLE))
    if vcpu.wants_room or vcpu.timer_due:
        list_registers.start_underflow()
    vcpu.loaded_on = core.number + 1
    core.loaded = index
    floating_point.close_for_guest(core, index)
    if list_registers.has_any_pending(vcpu.arriving):
        gic.ask(core, u32(ASKED_INJECT))  # of this core itself, as soon as the guest is entered
    if translations[vcpu.space].users > 1:  # another vcpu of this guest may have run here, with translations of its own
        system.VTTBR_EL2.write(vcpu.stage2)
        forget_present_space()


@inline
def enter_guest(core: Core, index: u32) -> u64:
    """Set up the processor for a vcpu, and give the address of its context."""
    if not core.in_guest:
        return enter_guest_from(core, threads[core.component], index)
    if core.loaded != index:
        save_shared(vcpus[core.loaded].el1)
        load(core, index)
        load_guest(core, vcpus[index])
    return address_of(vcpus[index])


@inline
def enter_guest_from(core: Core, thread: Thread, index: u32) -> u64:
    """As enter_guest, when the processor is set up for `thread`."""
    if core.loaded == index:
        return enter_loaded_guest(core, thread, index)
    commit_leave_component(core, thread)
    load(core, index)
    load_guest(core, vcpus[index])
    return address_of(vcpus[index])


@inline
def enter_loaded_guest(core: Core, thread: Thread, index: u32) -> u64:
    """As enter_guest_from, for the vcpu that is in the processor already."""
    commit_leave_component(core, thread)
    if core.fp_owner < FIRST_VCPU_OWNER:
        system.CPTR_EL2.write(u64(system.CPTR_FP_CLOSED))
    load_guest(core, vcpus[index])
    return address_of(vcpus[index])


@inline
def commit_leave_component(core: Core, thread: Thread) -> None:
    """The processor is to be set up for a guest, and no longer for a thread."""
    thread.thread_pointer = system.TPIDR_EL0.read()
    core.component = u32(0)
    core.in_guest = True


@inline
def load_guest(core: Core, vcpu: Vcpu) -> None:
    """Load what components can see of a vcpu's state."""
    stage2 = vcpu.stage2
    load_shared(vcpu.el1)
    system.HCR_EL2.write(u64(system.GUEST_HCR))
    system.VTTBR_EL2.write(stage2)
    if not has_own_space_vcpu(vcpu):
        take_shared_space(core, vcpu.space)


@inline
def enter_component(core: Core, index: u32, thread: Thread) -> u64:
    """Set up the processor for thread `index` of a component, and give the address of its context."""
    if core.component == index:
        return address_of(thread)
    if core.in_guest:
        return leave_guest(core, core.loaded, index, thread)
    threads[core.component].thread_pointer = system.TPIDR_EL0.read()
    load_component(core, index, thread)
    return address_of(thread)


@inline
def has_own_space(thread: Thread) -> bool:
    """Whether no other address space has the VMID of this thread's."""
    return not thread.stage2.bit(SHARED_BIT)


@inline
def has_own_space_vcpu(vcpu: Vcpu) -> bool:
    """As has_own_space, for a guest's."""
    return not vcpu.stage2.bit(SHARED_BIT)


@inline
def switch_component(core: Core, before: Thread, index: u32, thread: Thread) -> None:
    """As change_component, when all registers of `before` are saved."""
    core.context = change_component(core, before, index, thread)


@inline
def change_component(core: Core, before: Thread, index: u32, thread: Thread) -> u64:
    """As enter_component, when the processor is set up for the thread `before`, and the other one has_own_space."""
    core.component = index
    before.thread_pointer = system.TPIDR_EL0.read()
    load_own(thread)
    return address_of(thread)


@inline
def leave_guest(core: Core, loaded: u32, index: u32, thread: Thread) -> u64:
    """As enter_component, when the processor is set up for the vcpu `loaded`."""
    save_shared(vcpus[loaded].el1)
    set_component_registers()
    core.in_guest = False
    load_component(core, index, thread)
    return address_of(thread)


@inline
def load_component(core: Core, index: u32, thread: Thread) -> None:
    """Load what is each thread's own, and its address space."""
    core.component = index
    load_own(thread)
    if not has_own_space(thread):
        take_shared_space(core, thread.space)


@inline
def load_own(thread: Thread) -> None:
    """Load what is each thread's own."""
    stage2 = thread.stage2
    coprocessor = thread.coprocessor
    thread_pointer = thread.thread_pointer
    system.VTTBR_EL2.write(stage2)
    system.CPACR_EL1.write(coprocessor)
    system.TPIDR_EL0.write(thread_pointer)
    if coprocessor != 0:
        system.CPTR_EL2.write(u64(system.CPTR_FP_OPEN))


@noinline
def take_shared_space(core: Core, space: u32) -> None:
    """The space in VTTBR_EL2 has a shared VMID: what this core remembers under it may be another space's."""
    if core.shared_space != space:
        core.shared_space = space
        forget_present_space()


def forget_thread(index: u32) -> None:
    """A thread that does not run starts afresh: nothing of it in any processor counts any more."""
    for number in upto(CORE_COUNT):
        if cores[number].component == index:
            cores[number].component = u32(0)
    floating_point.forget(index)


@asm("dsb ish\ntlbi alle1is\nic ialluis\ndsb ish\nisb", clobbers=("memory",))
def forget_translations() -> None:
    """Invalidate what all processors remember of guests' address spaces and instructions."""


def reset_vcpu(index: u32) -> None:
    """Give a vcpu that does not run, and is not loaded on another core, the state of a processor after reset."""
    unload_vcpu(index)
    forget_translations()
    vcpu = vcpus[index]
    vcpu.el1.clear()
    vcpu.el1.sctlr = u64(system.RESET_SCTLR)
    vcpu.context.clear()
    vcpu.context.process_state = u64(system.RESET_STATE)
    list_registers.clear(vcpu.list_registers)
    list_registers.clear(vcpu.arriving)
    vcpu.interface_control = u64(0)
    vcpu.active_group0 = u64(0)
    vcpu.active_group1 = u64(0)
    floating_point.forget(index + FIRST_VCPU_OWNER)


def unload_vcpu(index: u32) -> None:
    """Make sure that the state of a vcpu, which is not loaded on another core, is in the table."""
    if this_core().loaded == index:
        unload(this_core())


# Getting the state of threads and vcpus out of a processor, for other cores.


@asm("dsb ish", clobbers=("memory",))
def complete_maintenance() -> None:
    """Let cache maintenance that a thread started here take effect, before it goes on elsewhere."""


def is_within_reach(index: u32) -> bool:
    """Whether a vcpu is not loaded on another core. That core is asked to save it otherwise."""
    place = vcpus[index].loaded_on
    if place == 0 or place == this_core().number + 1:
        return True
    gic.ask(cores[place - 1], u32(ASKED_UNLOAD))
    return False


def let_go(thread: u32, vcpu: u32, number: u32) -> bool:
    """Whether no core but `number` has anything of a thread and a vcpu (0: none) in its registers. Others are asked to
    save them; this core does it when no other has any. The thread does not run."""
    here = this_core()
    for other in upto(u32(CORE_COUNT)):
        if other != number and other != here.number and holds(cores[other], thread, vcpu):
            return ask_to_let_go(here, thread, vcpu, number)
    if here.number != number and holds(here, thread, vcpu):
        save_held(here, thread, vcpu)
    return True


@noinline
def ask_to_let_go(here: Core, thread: u32, vcpu: u32, number: u32) -> bool:
    """Ask all other cores to save what they hold, but for core `number`. False."""
    for other in upto(u32(CORE_COUNT)):
        if other != number and other != here.number and holds(cores[other], thread, vcpu):
            gic.ask(cores[other], u32(ASKED_UNLOAD))
    return False


def holds(core: Core, thread: u32, vcpu: u32) -> bool:
    """Whether something of a thread or a vcpu is in a core's registers."""
    has_thread = thread != 0 and (core.component == thread or core.fp_owner == thread)
    return has_thread or (vcpu != 0 and (core.loaded == vcpu or core.fp_owner == vcpu + FIRST_VCPU_OWNER))


def save_held(core: Core, thread: u32, vcpu: u32) -> None:
    """Save what is in this core's registers of a thread and of a vcpu. Neither runs at the moment."""
    if thread != 0 and core.component == thread:
        threads[thread].thread_pointer = system.TPIDR_EL0.read()
        core.component = u32(0)
    if vcpu != 0 and core.loaded == vcpu:
        unload(core)
    if core.fp_owner == thread or core.fp_owner == vcpu + FIRST_VCPU_OWNER:
        floating_point.save(core)
    complete_maintenance()


def release(core: Core, asked: u32) -> None:
    """Do what other cores ask about this core's registers."""
    loaded = core.loaded
    if asked & ASKED_UNLOAD != 0:
        if core.in_guest:
            save_shared(vcpus[loaded].el1)
            set_component_registers()
            core.in_guest = False
        save_held(core, core.component, loaded)
        floating_point.save(core)
    elif asked & ASKED_INJECT != 0 and loaded != 0:
        list_registers.take_arriving(loaded)
        if vcpus[loaded].wants_room:
            list_registers.start_underflow()
