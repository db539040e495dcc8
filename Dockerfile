# Browser assets: versions and checksums from package-lock.json, no package's scripts are run.
FROM node:22-slim AS assets
WORKDIR /assets
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM python:3.11-slim-bookworm AS build
WORKDIR /app
RUN python -m venv /app/.venv
COPY requirements.txt ./
RUN /app/.venv/bin/pip install --no-cache-dir --disable-pip-version-check -r requirements.txt
COPY . .
COPY --from=assets /assets/node_modules /tmp/node_modules
RUN PYTHONPATH=/app /app/.venv/bin/python -c "from pathlib import Path; from scripts.base import paths; from scripts.install import assets, bundle; \
    modules = Path('/tmp/node_modules'); assets.copy_files(modules, paths.VENDOR); paths.WORK.mkdir(exist_ok=True); \
    assets.keep_bundler(modules, paths.ESBUILD); bundle.build(); paths.ESBUILD.unlink()"

FROM python:3.11-slim-bookworm
# The serif of administrative papers, with the widths of Times New Roman (Decree 30/2020/NĐ-CP).
RUN apt-get update && apt-get install -y --no-install-recommends fonts-liberation2 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin webmap
WORKDIR /app
COPY --from=build /app /app
RUN install -d -o webmap -g webmap /app/var
ENV PATH=/app/.venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PORT=8000
USER webmap
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 \
    CMD ["python", "-c", "import os, urllib.request; host = (os.environ.get('TRUSTED_HOSTS') or '127.0.0.1').split()[0].lstrip('.'); urllib.request.urlopen(urllib.request.Request(f'http://127.0.0.1:{os.environ[\"PORT\"]}/readyz', headers={'Host': host}), timeout=4)"]
CMD ["sh", "-c", "exec granian --interface rsgi --factory --no-ws --host 0.0.0.0 --port \"$PORT\" --workers 2 --respawn-failed-workers webmap.front:create_front"]
