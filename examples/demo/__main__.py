"""`python -m examples.demo` is `inlay demo`."""

import sys

import cli

sys.argv.insert(1, "demo")
cli.main()
