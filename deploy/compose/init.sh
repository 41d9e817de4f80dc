#!/usr/bin/env bash
# Writes .env beside docker-compose.yml with generated secrets. Never overwrites one.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ -e .env ]; then echo ".env is already there; nothing was changed"; exit 0; fi
umask 077
{
  echo "POSTGRES_PASSWORD=$(openssl rand -hex 24)"
  echo "COUNTERSIGN_SIGNING_KEY_ID=k$(date +%Y%m%d)"
  echo "COUNTERSIGN_SIGNING_PRIVATE_KEY=$(openssl rand -base64 32)"
} > .env
echo "wrote .env (readable by you only). Keep a copy of the signing key: old decisions are verified with it."
echo "Next: put your identity provider and ERP into deploy/compose/config.yaml, then: docker compose up -d"
