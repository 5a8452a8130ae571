"""Systems that exist to be measured."""
