"""One small system in which every kernel operation is carried out many times, between marker instructions."""
