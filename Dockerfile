# syntax=docker/dockerfile:1

# --- build: one bundle, no node_modules in the image --------------------------
FROM --platform=$BUILDPLATFORM node:24-trixie-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
# No package needs an install script; esbuild's and Node's binaries come as optional dependencies.
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit --no-fund
COPY . .
# The folder for state is made here because the final image has no shell to make it.
RUN npm run build && mkdir -p /state

# --- the image: Node, the bundle, and nothing to log in to --------------------
FROM gcr.io/distroless/nodejs24-debian13:nonroot
ARG VERSION=0.0.0-dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="ringbell" \
      org.opencontainers.image.description="Watches the members of Kubernetes Services and rings the right bell when one of them changes" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# One arena for all threads: they would keep tens of MiB each. https://man7.org/linux/man-pages/man3/mallopt.3.html (M_ARENA_MAX)
ENV NODE_ENV=production MALLOC_ARENA_MAX=1
COPY --from=build /build/dist/ /app/
COPY --from=build /build/LICENSE /app/LICENSE
COPY --from=build --chown=65532:65532 /state/ /var/lib/ringbell/
WORKDIR /app
# A number, so that Kubernetes can check `runAsNonRoot` without reading /etc/passwd of the image.
USER 65532:65532
EXPOSE 8080
# No code from strings, no __proto__, no native add-ons, no inspector on SIGUSR1.
ENTRYPOINT ["/nodejs/bin/node", "--disallow-code-generation-from-strings", "--disable-proto=delete", "--no-addons", "--disable-sigusr1", "/app/ringbell.js"]
CMD ["run", "--rules", "/etc/ringbell/rules.yaml", "--data", "/var/lib/ringbell", "--listen", "0.0.0.0:8080"]
