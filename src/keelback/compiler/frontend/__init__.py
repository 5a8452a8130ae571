"""From source text to LLVM IR: world, subset, types, call graph, lowering."""
