# The contract's style and comments. buf comes through npm, pinned by proto/package-lock.json.
.PHONY: lint-proto
lint-proto: proto/node_modules/.package-lock.json
	cd proto && node_modules/.bin/buf lint && node_modules/.bin/buf format --diff --exit-code

proto/node_modules/.package-lock.json: proto/package.json proto/package-lock.json
	cd proto && npm ci --loglevel=error && touch node_modules/.package-lock.json
