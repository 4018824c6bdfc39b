#!/usr/bin/env bash
# `npm test`: types, lint and every suite but test:serving, one after the other; ends at the first that
# fails. The environments of the later suites are made beside the first ones, which need none of them:
# mostly that is waiting for packages. `npm run test:clients` makes them by itself as well.
set -euo pipefail

scripts="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "$scripts/.."
source "$scripts/side-by-side.sh"

start environments nice -n 5 bash -c 'bash "$0/setup-clients.sh" && bash "$0/setup-harness.sh"' "$scripts"
npm run -s check
npm run -s test:edge
wait_for_all
npm run -s test:clients
npm run -s test:training
npm run -s test:harness
npm run -s test:imported
