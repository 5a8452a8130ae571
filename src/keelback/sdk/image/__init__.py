"""From a checked description to the flat image a machine boots: numbering, placement, tables, boot state, manifest."""
