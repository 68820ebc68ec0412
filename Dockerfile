# One service's image, with that service and its own packages alone:
#   docker build --build-arg SERVICE=tickets .
#   docker build --build-arg SERVICE=mk --target mk .

FROM python:3.13-slim AS packages
ARG SERVICE
COPY requirements/${SERVICE}.txt requirements.txt
# No installer in what the services run with, and nothing built from source on the way.
RUN --mount=type=cache,target=/root/.cache/pip \
    python3 -m venv --without-pip /venv \
 && pip --python /venv install --quiet --no-input --disable-pip-version-check --root-user-action=ignore \
        --require-hashes --only-binary=:all: -r requirements.txt

FROM python:3.13-slim AS runtime
# A number, so that Kubernetes can see that it isn't root.
ARG UID=10001
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOST=0.0.0.0 PORT=8080 LOG_FORMAT=json
WORKDIR /app
EXPOSE 8080
STOPSIGNAL SIGTERM
# The checks of broker and database take up to three seconds each.
HEALTHCHECK --interval=5s --timeout=8s --start-period=90s --retries=3 \
    CMD ["python", "-IS", "-c", "import os, ssl, urllib.request as u; s = 's' * ('TLS_CERT_FILE' in os.environ); u.urlopen(f'http{s}://127.0.0.1:{os.environ[\"PORT\"]}/health/ready', context=ssl._create_unverified_context())"]
COPY --from=packages /venv /venv
COPY contracts contracts
COPY chassis chassis
# The file system is read-only at run time: what is compiled now needn't be at every start.
RUN python -m compileall -q .
# Without exec the shell would keep SIGTERM to itself.
CMD ["sh", "-c", "exec python -m \"$MODULE\""]

FROM runtime AS mk
COPY mk mk
# Its signing key lies there; a new volume takes over the folder's owner.
RUN python -m compileall -q mk && install -d -o ${UID} -g ${UID} -m 700 /data
ENV MODULE=mk.app VAR_DIR=/data
USER ${UID}:${UID}

FROM runtime AS service
ARG SERVICE
COPY services/__init__.py services/
COPY services/${SERVICE} services/${SERVICE}
RUN python -m compileall -q services
ENV MODULE=services.${SERVICE}.app
USER ${UID}:${UID}
