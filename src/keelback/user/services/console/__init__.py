"""The console: one serial line shared by all components and guests."""
