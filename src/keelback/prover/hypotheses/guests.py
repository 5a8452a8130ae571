"""Guests: which core has whose registers, and in which modes threads and guests return."""

from __future__ import annotations

from keelback.prover.encode import Term
from keelback.prover.encode import terms as t
from keelback.prover.hypotheses.statement import states
from keelback.prover.hypotheses.view import View, either, is_set, is_value, is_zero, names, narrow
from keelback.prover.invariants.guests import CONDITION_FLAGS, GUEST_MODES, MODE_MASK
from keelback.prover.state import Access


@states("threads", "threads_stay_at_el0")
def threads_stay_at_el0(view: View, row: Term) -> Term:
    word = view.get("threads.context.process_state", row)
    return is_zero(t.bit_and(word, t.const(~CONDITION_FLAGS & t.mask(64), 64)))


@states("vcpus", "guests_stay_below_the_kernel")
def guests_stay_below_the_kernel(view: View, row: Term) -> Term:
    mode = t.bit_and(view.get("vcpus.context.process_state", row), t.const(MODE_MASK, 64))
    return either(*(is_value(mode, allowed) for allowed in GUEST_MODES))


@states("vcpus", "loaded_guests_are_where_they_say")
def loaded_guests_are_where_they_say(view: View, row: Term) -> Term:
    place = view.get("vcpus.loaded_on", row)
    core = t.sub(place, t.const(1, place.width))
    return t.implies(is_set(place), names(view.get("cores.loaded", core), row))


@states("cores", "cores_have_what_they_say")
def cores_have_what_they_say(view: View, row: Term) -> Term:
    """A part of it: of one core."""
    guest = view.get("cores.loaded", row)
    number = t.add(narrow(row, 32), t.const(1, 32))
    return t.implies(is_set(guest), t.eq(narrow(view.get("vcpus.loaded_on", guest), 32), number))


@states("threads", "running_guests_have_no_open_access")
def running_guests_have_no_open_access(view: View, row: Term) -> Term:
    guest = view.get("threads.guest", row)
    return t.implies(is_set(guest), is_value(view.get("vcpus.access", guest), Access.NONE))
