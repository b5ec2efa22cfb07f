# Every role in one image: docker build -t firstframe . && docker run --rm -p 8080:8080 -p 127.0.0.1:8081:8081 firstframe
# `all` keeps its log and store in the volume; `collector`, `write`, `watch`, `store` and `console` are single roles.
# The image holds the built JavaScript of `npm run build` and the packages it needs to run: no sources, no compiler.
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:22-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production \
    NODE_OPTIONS=--max-semi-space-size=32 \
    FIRSTFRAME_CONSOLE_HOST=0.0.0.0 FIRSTFRAME_SIGN_IN_KIND=outside \
    FIRSTFRAME_HEALTH_HOST=0.0.0.0 \
    FIRSTFRAME_HEALTH_PORT=9100 \
    FIRSTFRAME_DATA=/var/lib/firstframe
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE NOTICE ./
COPY main/firstframe.mjs main/firstframe.mjs
COPY deploy/ready.mjs deploy/ready.mjs
RUN install -d -o node -g node /var/lib/firstframe
USER node
VOLUME /var/lib/firstframe
EXPOSE 8080 8081 9100
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=12 CMD ["node", "deploy/ready.mjs"]
ENTRYPOINT ["node", "main/firstframe.mjs"]
CMD ["all"]
