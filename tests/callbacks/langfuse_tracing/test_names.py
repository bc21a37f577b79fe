"""Langfuse's names as its SDK has them; written down in our code, as importing the SDK is slow."""

import subprocess
import sys

from langfuse._client.attributes import LangfuseOtelSpanAttributes

from callbacks.langfuse_tracing import names

OF_TRACE = {"USER_ID": "TRACE_USER_ID", "SESSION_ID": "TRACE_SESSION_ID", "TAGS": "TRACE_TAGS"}
AS_THEY_ARE = {"TRACE_NAME", "TRACE_METADATA", "ENVIRONMENT", "RELEASE", "AS_ROOT", "IS_APP_ROOT"}


def test_names_are_those_of_the_sdk() -> None:
    """An update of the SDK that renames one of them is noticed."""
    ours = {name: value for name, value in vars(names).items() if name.isupper()}
    theirs = {
        name: getattr(
            LangfuseOtelSpanAttributes, OF_TRACE.get(name, name if name in AS_THEY_ARE else f"OBSERVATION_{name}")
        )
        for name in ours
    }
    assert ours == theirs


def test_the_sdk_is_not_imported_to_send() -> None:
    """It costs a second and tens of megabytes in each worker; nor is LiteLLM, which a process of consumers lacks."""
    program = "import sys, callbacks.langfuse_tracing.extension; print({'langfuse', 'litellm'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"
