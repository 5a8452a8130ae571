"""The monitor of one virtual machine: an unprivileged component that owns one vcpu and one guest's RAM.

The kernel switches into the guest and back; everything else a guest sees is made here: interrupt controller, PSCI,
UART, virtio devices, loading, restarting. A guest that took over its monitor would have won this one component. `main`
is the component's root.
"""
