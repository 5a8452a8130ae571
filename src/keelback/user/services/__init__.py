"""Components that serve others and drive no device: the console, the fault monitor."""
