"""A system call as a whole: who calls, what it does, and what its status is."""

from __future__ import annotations

from collections.abc import Callable

from keelback.abi import errors, syscalls, trace
from keelback.prover.specs.accept import accept
from keelback.prover.specs.call import call
from keelback.prover.specs.call_pass import call_pass
from keelback.prover.specs.capability_clear import capability_clear
from keelback.prover.specs.capability_copy import capability_copy
from keelback.prover.specs.capability_delete import capability_delete
from keelback.prover.specs.capability_mint import capability_mint
from keelback.prover.specs.capability_move import capability_move
from keelback.prover.specs.delegate import delegate
from keelback.prover.specs.endpoint_bind import endpoint_bind
from keelback.prover.specs.endpoint_cancel import endpoint_cancel
from keelback.prover.specs.frame_clear import frame_clear
from keelback.prover.specs.frame_info import frame_info
from keelback.prover.specs.interrupt_acknowledge import interrupt_acknowledge
from keelback.prover.specs.interrupt_bind import interrupt_bind
from keelback.prover.specs.link import link
from keelback.prover.specs.map import map_frame
from keelback.prover.specs.null import null
from keelback.prover.specs.object_claim import object_claim
from keelback.prover.specs.object_create import object_create
from keelback.prover.specs.object_destroy import object_destroy
from keelback.prover.specs.object_give import object_give
from keelback.prover.specs.object_revoke import object_revoke
from keelback.prover.specs.object_take import object_take
from keelback.prover.specs.poll import poll
from keelback.prover.specs.receive import receive
from keelback.prover.specs.receive_until import receive_until
from keelback.prover.specs.refusal import Refused
from keelback.prover.specs.reply import reply
from keelback.prover.specs.reply_pass import reply_pass
from keelback.prover.specs.reply_receive import reply_receive
from keelback.prover.specs.reply_save import reply_save
from keelback.prover.specs.revoke import revoke
from keelback.prover.specs.signal import signal
from keelback.prover.specs.system_off import system_off
from keelback.prover.specs.thread_bind import thread_bind
from keelback.prover.specs.thread_configure import thread_configure
from keelback.prover.specs.thread_give_time import thread_give_time
from keelback.prover.specs.thread_read import thread_read
from keelback.prover.specs.thread_resume import thread_resume
from keelback.prover.specs.thread_schedule import thread_schedule
from keelback.prover.specs.thread_start import thread_start
from keelback.prover.specs.thread_stop import thread_stop
from keelback.prover.specs.thread_write import thread_write
from keelback.prover.specs.time_configure import time_configure
from keelback.prover.specs.trace_control import trace_control
from keelback.prover.specs.trace_read import trace_read
from keelback.prover.specs.tracing import record
from keelback.prover.specs.unlink import unlink
from keelback.prover.specs.unlink_entry import unlink_entry
from keelback.prover.specs.unmap import unmap
from keelback.prover.specs.vcpu_configure import vcpu_configure
from keelback.prover.specs.vcpu_inject import vcpu_inject
from keelback.prover.specs.vcpu_read import vcpu_read
from keelback.prover.specs.vcpu_reset import vcpu_reset
from keelback.prover.specs.vcpu_run import vcpu_run
from keelback.prover.specs.vcpu_write import vcpu_write
from keelback.prover.specs.wait import wait
from keelback.prover.specs.wait_until import wait_until
from keelback.prover.specs.yield_ import yield_
from keelback.prover.state import State, Thread

SPECIFICATIONS: dict[int, Callable[[State, Thread], None]] = {
    syscalls.NULL: null,
    syscalls.CALL: call,
    syscalls.RECEIVE: receive,
    syscalls.REPLY_RECEIVE: reply_receive,
    syscalls.SIGNAL: signal,
    syscalls.WAIT: wait,
    syscalls.POLL: poll,
    syscalls.INTERRUPT_ACKNOWLEDGE: interrupt_acknowledge,
    syscalls.VCPU_RUN: vcpu_run,
    syscalls.VCPU_READ: vcpu_read,
    syscalls.VCPU_WRITE: vcpu_write,
    syscalls.VCPU_INJECT: vcpu_inject,
    syscalls.THREAD_STOP: thread_stop,
    syscalls.THREAD_START: thread_start,
    syscalls.THREAD_READ: thread_read,
    syscalls.THREAD_WRITE: thread_write,
    syscalls.THREAD_RESUME: thread_resume,
    syscalls.CAPABILITY_COPY: capability_copy,
    syscalls.CAPABILITY_MINT: capability_mint,
    syscalls.CAPABILITY_DELETE: capability_delete,
    syscalls.REVOKE: revoke,
    syscalls.TRACE_READ: trace_read,
    syscalls.VCPU_RESET: vcpu_reset,
    syscalls.SYSTEM_OFF: system_off,
    syscalls.TRACE_CONTROL: trace_control,
    syscalls.REPLY_SAVE: reply_save,
    syscalls.REPLY: reply,
    syscalls.CALL_PASS: call_pass,
    syscalls.REPLY_PASS: reply_pass,
    syscalls.ACCEPT: accept,
    syscalls.RECEIVE_UNTIL: receive_until,
    syscalls.WAIT_UNTIL: wait_until,
    syscalls.YIELD: yield_,
    syscalls.CAPABILITY_MOVE: capability_move,
    syscalls.CAPABILITY_CLEAR: capability_clear,
    syscalls.DELEGATE: delegate,
    syscalls.OBJECT_CREATE: object_create,
    syscalls.OBJECT_DESTROY: object_destroy,
    syscalls.OBJECT_GIVE: object_give,
    syscalls.OBJECT_TAKE: object_take,
    syscalls.OBJECT_CLAIM: object_claim,
    syscalls.OBJECT_REVOKE: object_revoke,
    syscalls.THREAD_CONFIGURE: thread_configure,
    syscalls.THREAD_SCHEDULE: thread_schedule,
    syscalls.THREAD_BIND: thread_bind,
    syscalls.THREAD_GIVE_TIME: thread_give_time,
    syscalls.TIME_CONFIGURE: time_configure,
    syscalls.ENDPOINT_BIND: endpoint_bind,
    syscalls.ENDPOINT_CANCEL: endpoint_cancel,
    syscalls.INTERRUPT_BIND: interrupt_bind,
    syscalls.VCPU_CONFIGURE: vcpu_configure,
    syscalls.FRAME_CLEAR: frame_clear,
    syscalls.FRAME_INFO: frame_info,
    syscalls.MAP: map_frame,
    syscalls.UNMAP: unmap,
    syscalls.LINK: link,
    syscalls.UNLINK: unlink,
    syscalls.UNLINK_ENTRY: unlink_entry,
}


def perform(state: State, number: int) -> int:
    """A system call of the present thread, its arguments in x0..x8. Changes `state`; gives the status.

    The status is in x8 at once, also of a thread that blocks: it finds there what ended its wait. x9 and x10 are zero
    unless the call says otherwise; x11 to x18 are left alone, and mean nothing.
    """
    caller = state.threads[state.current]
    slot = caller.registers[8]
    record(state, trace.CALL, number, slot, caller.registers[0])
    caller.registers[9] = caller.registers[10] = 0
    status = errors.OK
    try:
        if number not in SPECIFICATIONS:
            raise Refused(errors.UNKNOWN_CALL)
        SPECIFICATIONS[number](state, caller)
    except Refused as refusal:
        status = refusal.status
        record(state, trace.ERROR, number, slot, status)
    caller.registers[8] = status
    return status
