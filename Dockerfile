# syntax=docker/dockerfile:1
# The whole service: `docker build -t site-insights .`; compose.yaml runs it, docs/deploy.md tells how.

FROM python:3.13-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/insights
COPY requirements/run.txt /build/run.txt
# Wheels alone: what is installed is what the lock's hashes name, and nothing is compiled.
RUN /opt/insights/bin/pip install --only-binary=:all: --require-hashes --requirement /build/run.txt \
    && /opt/insights/bin/pip uninstall --yes pip
WORKDIR /srv/insights
COPY . .
RUN STATIC_ROOT=/srv/insights/staticfiles DATA_DIR=/build/data \
        /opt/insights/bin/python manage.py collectstatic --no-input --verbosity 0 \
    && /opt/insights/bin/python -m compileall -q /opt/insights/lib apps insights_site

FROM python:3.13-slim-trixie
LABEL org.opencontainers.image.title="Site Insights"
# A number of its own, so that the owner of the volume's files is the same on every machine.
RUN groupadd --gid 10001 insights \
    && useradd --uid 10001 --gid insights --no-create-home --home-dir /data --shell /usr/sbin/nologin insights \
    && install --directory --owner=insights --group=insights --mode=0700 /data
COPY --from=build /opt/insights /opt/insights
COPY --from=build /srv/insights /srv/insights
ENV PATH=/opt/insights/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIR=/data \
    STATIC_ROOT=/srv/insights/staticfiles \
    HOST=0.0.0.0 \
    PORT=8000
WORKDIR /srv/insights
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-m", "insights_site.probe"]
CMD ["python", "manage.py", "serve"]
