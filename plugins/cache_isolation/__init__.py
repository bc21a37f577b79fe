"""A cached answer is given to the tenant that paid for it, and to no other."""

from plugins.cache_isolation.hook import CacheIsolationPlugin

hook = CacheIsolationPlugin()

__all__ = ["hook"]
