# Browser assets: versions and checksums from package-lock.json, no package's scripts are run.
FROM node:22-slim AS assets
WORKDIR /assets
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM python:3.11-slim AS build
WORKDIR /app
RUN python -m venv /app/.venv
COPY requirements.txt ./
RUN /app/.venv/bin/pip install --no-cache-dir --disable-pip-version-check -r requirements.txt
COPY . .
COPY --from=assets /assets/node_modules /tmp/node_modules
RUN python -c "from pathlib import Path; from scripts.assets import copy_files; copy_files(Path('/tmp/node_modules'), Path('webmap/static/vendor'))"

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin webmap
WORKDIR /app
COPY --from=build /app /app
RUN install -d -o webmap -g webmap /app/var
ENV PATH=/app/.venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PORT=8000
USER webmap
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/readyz', timeout=4)"]
CMD ["sh", "-c", "exec granian --interface wsgi --factory --no-ws --host 0.0.0.0 --port \"$PORT\" --workers 2 --blocking-threads 10 --respawn-failed-workers webmap:create_app"]
