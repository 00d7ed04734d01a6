# One image for the API, the workers and the migrations: `inlay api`, `inlay worker`, `inlay migrate`.
FROM node:22-slim AS console
WORKDIR /console
COPY console/package.json console/package-lock.json console/.npmrc ./
RUN npm ci
COPY console .
RUN npm run build

FROM python:3.13-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/inlay
WORKDIR /source
COPY requirements/runtime.lock requirements/
RUN /opt/inlay/bin/pip install --require-hashes -r requirements/runtime.lock
COPY . .
COPY --from=console /console/dist console/dist
RUN /opt/inlay/bin/pip install --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --create-home inlay \
    && mkdir -p /var/lib/inlay/payloads \
    && chown -R inlay:inlay /var/lib/inlay
COPY --from=build /opt/inlay /opt/inlay
ENV PATH=/opt/inlay/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    INLAY_ENVIRONMENT=production \
    INLAY_DATA_DIR=/var/lib/inlay
WORKDIR /var/lib/inlay
USER inlay
EXPOSE 8000
ENTRYPOINT ["inlay"]
CMD ["api", "--host", "0.0.0.0"]
