"""What a stack can contain: one type for each `Type` of a template. base.py is what the engine sees of a type, registry.py finds one."""
