"""The system description: its elements, the rules they must obey, and the errors that point at a line of it."""
