"""Virtio devices as a guest sees them (virtio 1.2): the transport, the queues, and one module for each device.

Everything here reads memory that a hostile guest writes. No address, length, index or count from there is used before
it was checked, so nothing a guest does can trap its monitor; what is nonsense marks the device broken. Nothing here
talks to the vcpu: keelback.user.vmm raises the interrupts and decides what happens to the guest.
"""
