"""What a tenant may call: models, parameters, answer length, addresses."""

from plugins.tenant_rules.hook import TenantRulesPlugin

hook = TenantRulesPlugin()

__all__ = ["hook"]
