"""The demonstration: one automation, run for two end users of a small third-party app."""

from examples.demo.show import run_demo

__all__ = ["run_demo"]
