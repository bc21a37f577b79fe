"""What keeps the database's users from changing the audit log: the trigger, and that they neither own nor may."""

from __future__ import annotations

TRIGGER = "audit_append_only"

# The trigger as the migration makes it: always enabled, before every UPDATE, DELETE and TRUNCATE (2 + 8 + 16 + 32), on
# no condition, with a function that only refuses.
GUARDED = r"""
    SELECT EXISTS (
        SELECT FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
        WHERE tgrelid = CAST('inferspect.audit_log' AS regclass) AND tgname = 'audit_append_only'
        AND tgenabled = 'A' AND tgtype = 58 AND tgqual IS NULL
        AND pronamespace = CAST('inferspect' AS regnamespace) AND prosrc ~ '^\s*BEGIN\s+RAISE EXCEPTION\s'
    )
"""
# Whoever owns the table, or is a member of the role that does, may drop the trigger.
MAY_CHANGE = """
    SELECT CASE
        WHEN rolsuper THEN 'is a superuser'
        WHEN pg_has_role(current_user, relowner, 'USAGE') THEN 'owns inferspect.audit_log'
        WHEN has_table_privilege(relation.oid, 'UPDATE, DELETE, TRUNCATE') THEN 'may write to inferspect.audit_log'
    END
    FROM pg_roles, pg_class AS relation
    WHERE rolname = current_user AND relation.oid = CAST('inferspect.audit_log' AS regclass)
"""
