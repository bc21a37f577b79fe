"""A retry goes to a deployment that has not failed this request yet."""

from plugins.failover.hook import FailoverPlugin

hook = FailoverPlugin()

__all__ = ["hook"]
