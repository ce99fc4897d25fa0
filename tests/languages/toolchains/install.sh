#!/usr/bin/env sh
# Installs the compilers of the languages that libraries can be written in into the folder $1, from the registries of
# Python and Node. What cannot be installed is told and left out: its tests are then skipped.
set -u
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1" && cd "$1" || exit 1

# Whether $1 was installed from the file $2 as it is now.
installed() {
	cmp -s "$2" "$1.installed"
}

if ! installed python "$here/requirements.txt"; then
	if python3 -m venv python && python/bin/pip install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"; then
		cp "$here/requirements.txt" python.installed
	else
		echo "missing: the compilers of C, C++, Zig, Go and Python, which pip installs; their tests are skipped" >&2
	fi
fi

if ! installed node "$here/package.json"; then
	mkdir -p node && cp "$here/package.json" node/
	if npm install --prefix node --silent --no-audit --no-fund; then
		cp "$here/package.json" node.installed
	else
		echo "missing: the compilers of JavaScript, TypeScript and AssemblyScript, which npm installs; their tests are skipped" >&2
	fi
fi
exit 0
