"""The fault monitor: reports a component that faulted, while everything else goes on."""
