# Two commands matter: `make demo` shows the whole product, `make test` proves it.
# Both work on a fresh machine with Node (>= 20.19) and npm; what else is needed they install, or name.

SHELL := /bin/sh
export NX_DAEMON := false
export NX_TUI := false

composed := agent-bridge backend telemetry-writer results-writer cert-worker notifier
services := $(composed) gateway-agent host-helper cli

.PHONY: help demo demo-check test host-check tls-check chaos bench check build sbom deps system-packages clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 24
	@echo "<service>-build         bundle one service: $(services)"
	@echo "<service>-up|logs       run one by docker compose, follow its log: $(composed)"

demo: deps ## install, build and run the whole product on this machine; Ctrl-C ends it
	@npm run --silent demo

demo-check: deps ## walk through the demo without a person, in a scratch folder
	@npm run --silent demo -- --check

test: deps ## everything that must be green: formatting, lint, walls, types, tests, demo-check
	@node tools/test/run.mjs

host-check: deps ## as root: agent and helper on a Debian with systemd, on a real container engine and a real OpenVPN
	@sh tools/system-packages/install.sh host-check
	@npx jest -c jest.host.config.mjs

tls-check: deps ## testssl.sh on loopback: finds planted weak listeners, and no fault of any severity at the backend's (five minutes)
	@sh tools/system-packages/install.sh tls-check
	@npx jest -c jest.tls.config.mjs

check: node_modules/.package-lock.json ## formatting, lint, walls and types only
	@node tools/test/run.mjs --static

chaos: deps ## real faults under load, then the books: make chaos [RUN=commands|results|telemetry|poison|outage|certs] (a minute each)
	@for run in $(or $(RUN),commands results telemetry poison outage certs); do npm run --silent chaos -- $$run --quick || exit 1; done

bench: deps ## speeds as ratios to bare baselines: make bench [RUN=limits|writers|ingest|fleet|dispatch|storm|agent|certs|api|tls] (at most 45 s each)
	@for run in $(or $(RUN),limits writers ingest fleet dispatch storm agent certs api tls); do npm run --silent bench -- $$run --quick || exit 1; done

build: node_modules/.package-lock.json ## bundle every app
	@npm run --silent build

sbom: ## bill of materials from the lock file (CycloneDX, development marked so): make sbom [FILE=sbom.cdx.json]
	@npm sbom --package-lock-only --sbom-format=cyclonedx > $(or $(FILE),sbom.cdx.json)

deps: system-packages node_modules/.package-lock.json

system-packages:
	@sh tools/system-packages/install.sh

node_modules/.package-lock.json: package-lock.json
	@echo "viw: installing npm packages" >&2
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

clean: ## remove everything that was built or installed here
	rm -rf node_modules .nx .demo .demo.log .demo-check .host-check coverage sbom.cdx.json apps/*/dist tools/*/dist

$(services:%=%-build): %-build: node_modules/.package-lock.json
	@npx nx run @viw/$*:build

$(composed:%=%-up): %-up:
	docker compose -f docker-compose.yml -f docker-compose.agent.yml up -d --build $*

$(composed:%=%-logs): %-logs:
	docker compose -f docker-compose.yml -f docker-compose.agent.yml logs -f $*
