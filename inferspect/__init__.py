"""The host of InferSpect's hooks: settings, tenants, events, the launcher. It holds no hook itself."""

from importlib.metadata import version

__version__ = version("inferspect")
