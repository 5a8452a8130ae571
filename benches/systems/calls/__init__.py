"""A system in which calls that are not measured elsewhere are made between marker instructions."""
