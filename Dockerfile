# Builds a small image that serves the shipped models on port 8080:
#
#   docker build -t posterior-server .
#   docker run --rm -p 127.0.0.1:8080:8080 posterior-server
#
# Models of your own: -v "$PWD/models:/models:ro". With keys instead of for everybody:
#
#   docker run --rm -p 8080:8080 --user "$(id -u):$(id -g)" -v "$PWD/keys.json:/keys.json:ro" \
#     posterior-server --api-keys /keys.json
#
# --user, since a key file is its owner's alone. Draining may take 25 seconds, and docker waits for 10
# unless it is told otherwise: --stop-timeout 30.
#
# The image runs on the architecture it was built
# on; on x86-64 the processor needs AVX2 and FMA.
ARG SWIFT_IMAGE=swift:6.3-bookworm
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${SWIFT_IMAGE} AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libssl-dev zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
# The manifest names the folders of its test targets, so they come along.
COPY Package.swift ./
COPY Sources Sources
COPY Tests Tests
RUN swift build --configuration release --static-swift-stdlib --product posterior-server \
    && cp "$(swift build --configuration release --show-bin-path)/posterior-server" /build/posterior-server \
    && strip /build/posterior-server

FROM ${BASE_IMAGE}
# OpenSSL and zlib come from the distribution, which keeps them up to date.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libssl3 zlib1g \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /build/posterior-server /usr/local/bin/posterior-server
COPY models /models
# Defaults of the image; flags come before them.
ENV POSTERIOR_SERVER_HOST=0.0.0.0 \
    POSTERIOR_SERVER_MODELS=/models
# Nobody in particular: no home, no shell, no name. Nothing is written: --read-only is fine.
USER 65532:65532
EXPOSE 8080
# What publishes the port decides who reaches it. Arguments of your own replace the last line, and
# then the server starts with --api-keys or --tls-client-ca, or with --insecure, said again.
ENTRYPOINT ["/usr/local/bin/posterior-server"]
CMD ["--insecure"]
