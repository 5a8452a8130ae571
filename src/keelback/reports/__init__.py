"""What can be said about a built system, from its manifest and its sources only."""
