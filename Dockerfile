# One image for every process; compose.yaml says which one runs. Exact versions, hashes checked, wheels only.
FROM python:3.13-slim

WORKDIR /srv/deskhand
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes --no-deps --only-binary :all: -r requirements.lock

COPY pyproject.toml README.md ./
COPY app app
COPY workers workers
COPY integrations integrations
COPY kb kb
COPY scripts scripts
COPY config config
RUN pip install --no-cache-dir --no-deps --no-build-isolation --editable . \
    && useradd --system --create-home deskhand \
    && install -d -o deskhand /data

USER deskhand
ENV DESKHAND_DATA=/data DESKHAND_CONFIG=/srv/deskhand/config DESKHAND_HOST=0.0.0.0 PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["deskhand"]
CMD ["receiver"]
