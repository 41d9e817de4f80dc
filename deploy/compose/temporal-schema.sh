#!/bin/sh
# Creates or upgrades Temporal's two databases. Safe to repeat.
set -eu
for name in temporal temporal_visibility; do
  dir=temporal; [ "$name" = temporal_visibility ] && dir=visibility
  tool="temporal-sql-tool --plugin postgres12 --ep postgres -u postgres -p 5432 --db $name"
  $tool create || true
  $tool setup-schema -v 0.0 2>/dev/null || true
  $tool update-schema -d "/etc/temporal/schema/postgresql/v12/$dir/versioned"
done
