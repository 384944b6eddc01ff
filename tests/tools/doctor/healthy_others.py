"""Dockerfiles of other languages and of web servers, with their files, in which there is nothing to find."""

from __future__ import annotations

import json


def _package(start: str, *dependencies: str) -> str:
    return json.dumps({"scripts": {"start": start}, "dependencies": dict.fromkeys(dependencies, "^1")})


_NODE = """\
FROM node:24-alpine AS build
WORKDIR /srv
COPY package*.json ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:24-alpine
WORKDIR /srv
COPY --from=build /srv .
USER node
EXPOSE 8080
"""
_KEPT = "const server = app.listen(8080);\nserver.keepAliveTimeout = 75_000;\nserver.headersTimeout = 76_000;\n"

HEALTHY_OTHERS: dict[str, dict[str, str]] = {
    "express": {
        "Dockerfile": _NODE + 'CMD ["node", "server.js"]\n',
        "server.js": _KEPT,
        "package.json": _package("node server.js", "express"),
    },
    "express through npm": {
        "Dockerfile": _NODE + 'CMD ["npm", "start"]\n',
        "src/server.ts": _KEPT,
        "package.json": _package("node dist/server.js", "express"),
    },
    "fastify": {
        "Dockerfile": _NODE + 'CMD ["node", "server.mjs"]\n',
        "server.mjs": "await fastify().listen({ host: '::', port: 8080 });\n",
        "package.json": _package("node server.mjs", "fastify"),
    },
    "Next, standalone": {
        "Dockerfile": "FROM node:24-alpine AS base\n\nFROM base AS build\nWORKDIR /srv\nCOPY . .\n"
        "RUN corepack enable pnpm && pnpm i --frozen-lockfile && pnpm run build\n\nFROM base AS runner\nWORKDIR /srv\n"
        "ENV NODE_ENV=production PORT=8080 HOSTNAME=0.0.0.0 KEEP_ALIVE_TIMEOUT=75000\n"
        "RUN adduser --system --uid 1001 nextjs\nCOPY --from=build /srv/.next/standalone ./\n"
        'USER nextjs\nEXPOSE 8080\nCMD ["node", "server.js"]\n',
        "next.config.js": "module.exports = { output: 'standalone' };\n",
    },
    "Next through npm": {
        "Dockerfile": _NODE + 'CMD ["npm", "start"]\n',
        "package.json": _package("next start -p 8080 --keepAliveTimeout 75000", "next"),
    },
    "vite's preview": {
        "Dockerfile": _NODE + "ENV KEEP_ALIVE_TIMEOUT=75000\n" + 'CMD ["npx", "vite", "preview", "--host"]\n',
    },
    "nginx without root": {
        "Dockerfile": "FROM node:24-alpine AS build\nCOPY . .\nRUN npm ci && npm run build\n"
        "FROM nginxinc/nginx-unprivileged:1.29-alpine\nCOPY --from=build dist /usr/share/nginx/html\nEXPOSE 8080\n",
    },
    "nginx, stages by architecture": {
        "Dockerfile": "FROM nginxinc/nginx-unprivileged:1.29 AS web-amd64\n"
        "FROM nginxinc/nginx-unprivileged:1.28 AS web-arm64\nFROM web-${TARGETARCH}\nCOPY . /usr/share/nginx/html\n"
        "EXPOSE 8080\n",
    },
    "caddy": {
        "Dockerfile": "FROM caddy:2.10-alpine\nCOPY Caddyfile /etc/caddy/\nUSER 10001\nEXPOSE 8080\n",
        "Caddyfile": ":8080 {\n  reverse_proxy localhost:3000\n}\n",
    },
    "apache with php": {
        "Dockerfile": "FROM php:8.4-apache\nRUN sed -i 's/80/8080/' /etc/apache2/ports.conf\n"
        'COPY . /var/www/html\nUSER www-data\nEXPOSE 8080\nCMD ["apache2-foreground"]\n',
    },
    "php-fpm and nginx under supervisord": {
        "Dockerfile": "FROM php:8.4-fpm-alpine\nRUN apk add --no-cache nginx supervisor\nCOPY . /srv\nUSER www-data\n"
        'EXPOSE 8080\nCMD ["supervisord", "-c", "/srv/supervisord.conf"]\n',
        "supervisord.conf": "[program:fpm]\ncommand=php-fpm\n[program:nginx]\ncommand=nginx -g 'daemon off;'\n",
    },
    "php's own server": {
        "Dockerfile": 'FROM php:8.4-cli\nCOPY . /srv\nUSER 10001\nEXPOSE 8080\nCMD ["php", "-S", "0.0.0.0:8080"]\n',
    },
    "laravel": {
        "Dockerfile": "FROM php:8.4-cli\nCOPY . /srv\nWORKDIR /srv\nUSER 10001\nEXPOSE 8080\n"
        'CMD ["php", "artisan", "serve", "--host=0.0.0.0", "--port=8080"]\n',
    },
    "rails": {
        "Dockerfile": "ARG RUBY_VERSION=3.4.7\nFROM docker.io/library/ruby:$RUBY_VERSION-slim AS base\nWORKDIR /rails\n"
        'ENV RAILS_ENV="production" BUNDLE_DEPLOYMENT="1" PORT="8080"\nFROM base AS build\nCOPY . .\n'
        "RUN bundle install\nFROM base\nCOPY --from=build /rails /rails\nUSER 1000:1000\n"
        'ENTRYPOINT ["/rails/bin/docker-entrypoint"]\nEXPOSE 8080\nCMD ["./bin/rails", "server"]\n',
        "bin/docker-entrypoint": '#!/bin/bash -e\n./bin/rails db:prepare\nexec "${@}"\n',
    },
    "puma": {
        "Dockerfile": "FROM ruby:3.4-slim\nCOPY . .\nUSER 10001\nEXPOSE 8080\n"
        'CMD ["bundle", "exec", "puma", "-C", "config/puma.rb"]\n',
        "config/puma.rb": "bind 'tcp://0.0.0.0:8080'\n",
    },
    "go, distroless": {
        "Dockerfile": "FROM --platform=$BUILDPLATFORM golang:1.25 AS build\nARG TARGETOS TARGETARCH\nCOPY . .\n"
        "RUN GOOS=$TARGETOS GOARCH=$TARGETARCH CGO_ENABLED=0 go build -o /web .\n"
        "FROM gcr.io/distroless/static-debian12:nonroot\nCOPY --from=build /web /web\n"
        'EXPOSE 8080\nENTRYPOINT ["/web"]\n',
        "main.go": 'package main\n\nfunc main() { http.ListenAndServe(":8080", nil) }\n',
    },
    "go, from nothing": {
        "Dockerfile": "FROM golang:1.25-alpine AS build\nCOPY . .\nRUN go build -o /web .\nFROM scratch\n"
        'COPY --from=build /web /web\nUSER 65532:65532\nEXPOSE 8080\nENTRYPOINT ["/web", "-addr=:8080"]\n',
    },
    "rust": {
        "Dockerfile": "FROM rust:1.90-bookworm AS build\nWORKDIR /src\nCOPY . .\nRUN cargo install --path .\n"
        "FROM debian:bookworm-slim\nCOPY --from=build /usr/local/cargo/bin/web /usr/local/bin/\n"
        'USER 10001\nEXPOSE 8080\nCMD ["web", "--listen", "0.0.0.0:8080"]\n',
    },
    "spring boot": {
        "Dockerfile": "FROM eclipse-temurin:21-jdk AS build\nCOPY . .\nRUN ./mvnw package\n"
        "FROM eclipse-temurin:21-jre\nCOPY --from=build target/*.jar /web.jar\nUSER 10001\nEXPOSE 8080\n"
        'ENTRYPOINT ["java", "-XX:MaxRAMPercentage=75", "-jar", "/web.jar"]\n',
    },
    "tomcat": {
        "Dockerfile": "FROM tomcat:11-jre21\nCOPY web.war /usr/local/tomcat/webapps/\nUSER 10001\nEXPOSE 8080\n"
        'CMD ["catalina.sh", "run"]\n',
    },
    "dotnet": {
        "Dockerfile": "FROM mcr.microsoft.com/dotnet/sdk:9.0 AS build\nCOPY . .\nRUN dotnet publish -o /out\n"
        "FROM mcr.microsoft.com/dotnet/aspnet:9.0\nWORKDIR /app\nCOPY --from=build /out .\nUSER $APP_UID\nEXPOSE 8080\n"
        'ENV ASPNETCORE_URLS=http://+:8080\nENTRYPOINT ["dotnet", "Web.dll"]\n',
    },
    "deno": {
        "Dockerfile": "FROM denoland/deno:2.5.0\nWORKDIR /srv\nCOPY . .\nUSER deno\nEXPOSE 8080\n"
        'CMD ["serve", "--host", "0.0.0.0", "--port", "8080", "main.ts"]\n',
    },
    "bun": {
        "Dockerfile": "FROM oven/bun:1.3-alpine\nWORKDIR /srv\nCOPY . .\nRUN bun install --production\nUSER bun\n"
        'EXPOSE 8080/tcp\nCMD ["bun", "run", "index.ts"]\n',
    },
    "elixir": {
        "Dockerfile": "ARG ELIXIR=1.19.0\nARG DEBIAN=trixie-20251020-slim\n"
        'ARG BUILDER="docker.io/hexpm/elixir:${ELIXIR}-erlang-28.1-debian-${DEBIAN}"\n'
        'ARG RUNNER="docker.io/debian:${DEBIAN}"\nFROM ${BUILDER} AS builder\nENV MIX_ENV="prod"\nCOPY . .\n'
        "RUN mix release\nFROM ${RUNNER} AS final\nWORKDIR /app\nCOPY --from=builder /app/_build/prod/rel/web ./\n"
        'USER nobody\nENV PHX_SERVER=true PORT=8080\nEXPOSE 8080\nCMD ["/app/bin/server"]\n',
    },
    "hugo behind caddy": {
        "Dockerfile": "FROM ghcr.io/gohugoio/hugo:v0.150.0 AS build\nCOPY . /src\nRUN hugo build\n"
        "FROM caddy:2.10\nCOPY --from=build /src/public /srv\nUSER 10001\nEXPOSE 8080\n"
        'CMD ["caddy", "file-server", "--listen", ":8080"]\n',
    },
    "a program of its own under tini": {
        "Dockerfile": "FROM alpine:3.22\nRUN apk add --no-cache tini\nCOPY web /web\nUSER 10001\nEXPOSE 8080-8090\n"
        'ENTRYPOINT ["/sbin/tini", "--"]\nCMD ["/web", "--redis", "localhost:6379"]\n',
    },
}
"""Container port 8080; the files of the build context by their paths."""
