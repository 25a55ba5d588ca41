# The stages of ci/test, one function each. Sourced, never run.
# shellcheck shell=bash

# ci/test reads it.
# shellcheck disable=SC2034
STAGES=(tools scripts typos addresses fmt clippy build unit doctest clients fuzz instructions doc deny crypto)

# Everything that is installed is installed here; the other stages only use it. A stage that is
# asked for alone calls it first, which takes no time when all is there.
stage_tools() {
    need_programs cargo=cargo git=git cc=gcc c++=g++
    need_test_programs
    make_venvs
    start_cargo_deny
}

stage_scripts() {
    make_venvs
    local scripts
    mapfile -t scripts < <(git grep -lE '^#!.*(bash|/sh)|^# shellcheck shell=' -- ':!*.md' ':!*.rs' ':!*.py')
    printf 'checking %s\n' "${scripts[*]}"
    "$WHEELHOUSE_VENVS/lint/bin/shellcheck" -x "${scripts[@]}"
}

stage_typos() {
    make_venvs
    "$WHEELHOUSE_VENVS/lint/bin/typos" --config _typos.toml
}

stage_addresses() {
    ci/addresses
}

stage_fmt() {
    cargo fmt --all --check
}

stage_clippy() {
    cargo clippy --workspace --all-targets --profile ci --locked -- -D warnings
}

# One build for all that follows. Asked for with the same words everywhere: a part of the workspace by
# itself would be built again, with the features that it alone needs.
build_all() {
    cargo build --workspace --all-targets --profile ci --locked
}

stage_build() {
    build_all
}

# The tests of the crates. Some compare with Python's own library, which is why they need an
# environment.
stage_unit() {
    need_postgresql
    make_venvs
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run --workspace --cargo-profile ci --locked --no-fail-fast
    else
        cargo test --workspace --all-targets --profile ci --locked --no-fail-fast
    fi
}

stage_doctest() {
    cargo test --workspace --doc --profile ci --locked
}

# The real installers and uploaders against the real program, and the real pypiserver beside it.
stage_clients() {
    make_venvs
    need_test_programs
    build_all
    "$WHEELHOUSE_VENVS/runner/bin/python" -m pytest tests -n 2 --dist loadfile -q --durations 12
}

# Everything that reads what strangers send, with inputs made from examples. The long form, which
# looks for ways through the code, is in ci/soak and needs a build of its own.
stage_fuzz() {
    ci/lib/fuzz.sh --blind 20
}

# What a hot request costs, in instructions: the same on a busy machine as on an idle one.
stage_instructions() {
    need_programs valgrind=valgrind callgrind_control=valgrind
    make_venvs
    build_all
    "$WHEELHOUSE_VENVS/runner/bin/python" benches/instructions.py --program "$WHEELHOUSE_BIN_DIR/wheelhouse"
}

stage_doc() {
    RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --workspace --profile ci --locked
}

stage_deny() {
    finish_cargo_deny
    # The builds fetch what this platform needs; cargo-deny looks at every platform's.
    cargo fetch --locked
    cargo-deny --offline --locked check --hide-inclusion-graph licenses bans sources
}

# One library for cryptography, and no C compiler run for a second one.
stage_crypto() {
    local name found
    for name in aws-lc-sys aws-lc-rs openssl-sys native-tls; do
        found=$(cargo tree --workspace --locked --target all --edges all --prefix none \
            --format '{p}' | grep -E "^$name v" || true)
        if [ -n "$found" ]; then
            echo "$name is in the tree; this is how it came:" >&2
            cargo tree --workspace --locked --target all --invert "$name" >&2
            return 1
        fi
    done
    echo "no second library for cryptography"
}
