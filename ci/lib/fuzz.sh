#!/usr/bin/env bash
# Runs fuzz targets, two at a time. Fails if one of them finds an input that breaks it.
#
#   ci/lib/fuzz.sh SECONDS [TARGET...]           guided by which code an input reaches
#   ci/lib/fuzz.sh --blind SECONDS [TARGET...]   by chance, with the build of the tests
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# shellcheck source=ci/lib/tools.sh
source ci/lib/tools.sh

settle_environment
blind=
if [ "$1" = --blind ]; then
    blind=yes
    shift
fi
seconds=$1
shift
need_programs g++=g++
[ $# -gt 0 ] || mapfile -t targets < <(sed -n 's/^name = "fuzz_\(.*\)"$/\1/p' fuzz/Cargo.toml)
[ $# -eq 0 ] || targets=("$@")

work=$CARGO_TARGET_DIR/fuzz
if [ -n "$blind" ]; then
    cargo build --workspace --all-targets --profile ci --locked
    programs=$CARGO_TARGET_DIR/ci
else
    triple=$(rustc -vV | sed -n 's/^host: //p')
    # What `cargo fuzz` sets, without the sanitizers, which only other compilers have.
    coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table
        -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing"
    # A target platform is named so that build scripts and macros are not instrumented.
    RUSTFLAGS=$coverage cargo build --package wheelhouse-fuzz --bins --profile ci --locked \
        --target "$triple" --target-dir "$work"
    programs=$work/$triple/ci
fi

run_target() {
    local name=$1 folder=$work/corpus/$1 log=$work/log/$1.txt
    mkdir -p "$folder" "$work/log" "$work/crashes"
    local seeds=()
    [ ! -d "fuzz/seeds/$name" ] || seeds=("fuzz/seeds/$name")
    local result=0
    "$programs/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=20000 \
        -print_final_stats=1 -artifact_prefix="$work/crashes/$name-" "$folder" "${seeds[@]}" >"$log" 2>&1 || result=$?
    if [ "$result" -ne 0 ]; then
        tail -n 40 "$log"
        echo "fuzz: $name FAILED; the whole output is in $log"
        return 1
    fi
    # A target that stops at once would find nothing for ever.
    local runs
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    local edges
    edges=$(sed -n 's/.*DONE *cov: \([0-9]*\).*/\1/p' "$log")
    echo "fuzz: $name ran ${runs:-0} inputs${edges:+, $edges edges covered}"
    [ "${runs:-0}" -ge 100 ]
}

failed=0
for ((first = 0; first < ${#targets[@]}; first += 2)); do
    pids=()
    for name in "${targets[@]:first:2}"; do
        run_target "$name" &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do
        wait "$pid" || failed=1
    done
done
exit "$failed"
