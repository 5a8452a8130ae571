"""From the typed tree to LLVM IR. Nothing here can fail: what could be wrong was reported by the typed pass."""
