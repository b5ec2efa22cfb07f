# Every role in one image: docker build -t firstframe . && docker run --rm -p 8080:8080 -p 127.0.0.1:8081:8081 firstframe
# `all` keeps its log and store in the volume; `collector`, `write`, `watch`, `store` and `console` are single roles.
FROM node:22-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev

FROM node:22-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production \
    NODE_OPTIONS=--max-semi-space-size=32 \
    FIRSTFRAME_CONSOLE_HOST=0.0.0.0 \
    FIRSTFRAME_HEALTH_HOST=0.0.0.0 \
    FIRSTFRAME_HEALTH_PORT=9100 \
    FIRSTFRAME_DATA=/var/lib/firstframe
COPY --from=packages /app/node_modules node_modules
COPY package.json tsconfig.json LICENSE NOTICE ./
COPY schemas schemas
COPY player player
COPY ingest ingest
COPY collector collector
COPY log log
COPY processor processor
COPY store store
COPY console console
COPY probe probe
COPY rehearsal rehearsal
COPY telemetry telemetry
COPY main main
COPY docs docs
COPY deploy/ready.mjs deploy/ready.mjs
RUN install -d -o node -g node /var/lib/firstframe
USER node
VOLUME /var/lib/firstframe
EXPOSE 8080 8081 9100
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=12 CMD ["node", "deploy/ready.mjs"]
ENTRYPOINT ["node", "main/firstframe.mjs"]
CMD ["all"]
