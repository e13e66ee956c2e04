# One static binary, the certificates of public authorities, a user: nothing else. `make image` builds it; `make image-proof`
# builds it from nothing, without a registry, and runs it.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY scripts/deps scripts/
RUN scripts/deps run
ARG GOPROXY=https://proxy.golang.org,direct
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG REVISION=unknown
RUN scripts/image /image "$REVISION"

FROM scratch
COPY --from=build /image/system/ /
COPY --from=build --chown=65532:65532 /image/own/ /
USER 65532:65532
WORKDIR /data
# the public door; speakers' media; gRPC of the roles; the operator's door is for whoever looks after it
EXPOSE 8080 7881/tcp 7881/udp 7001-7004 7010
ENTRYPOINT ["/rostrum"]
CMD ["--help"]
