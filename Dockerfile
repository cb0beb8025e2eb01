# Heartbeat's one image: `docker build .` gives what runs in the cloud (api, worker, migrate);
# `docker build --target local .` gives the stand-in for AWS that compose.yaml uses.
FROM python:3.11-slim-bookworm AS base

FROM base AS build
# In an environment of its own, so that nothing of the tool reaches the image; the machine's own
# authorities are trusted, for builds behind a proxy.
RUN python3 -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir uv==0.13.9
ENV PATH=/opt/uv/bin:$PATH \
    UV_LINK_MODE=copy \
    UV_SYSTEM_CERTS=1 \
    UV_NO_CACHE=1 \
    UV_PROJECT_ENVIRONMENT=/opt/heartbeat \
    UV_PYTHON=python3 \
    UV_PYTHON_DOWNLOADS=never
WORKDIR /src
COPY pyproject.toml uv.lock ./
# The dependencies first: they change rarely, and so stay in the cache.
RUN uv sync --locked --no-default-groups --group alerts --all-extras --no-install-project
COPY README.md LICENSE ./
COPY schema schema
COPY service service
COPY web web
COPY docs docs
RUN uv sync --locked --no-default-groups --group alerts --all-extras --no-editable

FROM build AS build-local
COPY local local
RUN UV_COMPILE_BYTECODE=1 uv sync --locked --no-default-groups --all-extras --group local --no-editable --reinstall-package heartbeat

FROM build AS trimmed
# For `strip`; nothing of this stage but the environment reaches the image.
RUN apt-get update && apt-get install -y --no-install-recommends binutils
COPY .ci/trim.py /src/trim.py
# -P: what is installed, and not the sources beside the script.
RUN /opt/heartbeat/bin/python -P /src/trim.py

FROM base AS runtime
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin heartbeat \
    && install --directory --owner=heartbeat --group=heartbeat --mode=700 /data
ENV PATH=/opt/heartbeat/bin:$PATH \
    PYTHONUNBUFFERED=1
WORKDIR /data
USER 10001:10001

FROM runtime AS local
COPY --from=build-local /opt/heartbeat /opt/heartbeat
ENTRYPOINT ["python", "-m", "local.aws"]
CMD ["--port", "4566", "--data-dir", "/data"]

FROM runtime AS service
ARG COMMIT=unknown
ENV HEARTBEAT_COMMIT=$COMMIT
LABEL org.opencontainers.image.title="heartbeat" \
      org.opencontainers.image.description="Proves that an app can still write to all its stores" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="$COMMIT"
COPY --from=trimmed /opt/heartbeat /opt/heartbeat
EXPOSE 8080 8081
# Of the default command; the worker's is on 8081, which compose.yaml and the app's spec know.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/healthz', timeout=3)"]
# Exec form: SIGTERM reaches the process itself.
ENTRYPOINT ["python", "-m", "service"]
CMD ["api"]
