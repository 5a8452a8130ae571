"""The typed pass: from syntax and executed namespaces to the typed tree. Split into expressions, calls, statements."""
