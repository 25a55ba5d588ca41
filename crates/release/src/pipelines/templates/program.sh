{% if program.kind == "found" %}
if ! command -v wheelhouse >/dev/null; then
{% if has_variables %}
  if [ -z "${WHEELHOUSE_PROGRAM_URL:-}" ]; then
    echo "wheelhouse is not here: use an image that has it, or set WHEELHOUSE_PROGRAM_URL to its address" >&2
    exit 1
  fi
  curl --fail --silent --show-error --location --retry 3 --output "$TOOLS/bin/wheelhouse" "$WHEELHOUSE_PROGRAM_URL"
  if [ -n "${WHEELHOUSE_PROGRAM_SHA256:-}" ]; then
    echo "$WHEELHOUSE_PROGRAM_SHA256  $TOOLS/bin/wheelhouse" | sha256sum --check --quiet -
  fi
  chmod +x "$TOOLS/bin/wheelhouse"
{% else %}
  echo "wheelhouse is not here: use an image that has it, or run 'wheelhouse ci' with --wheelhouse URL" >&2
  exit 1
{% endif %}
fi
{% elif program.kind == "download" %}
curl --fail --silent --show-error --location --retry 3 --output "$TOOLS/bin/wheelhouse" "$WHEELHOUSE_PROGRAM_URL"
{% if program.sha256 %}
echo "$WHEELHOUSE_PROGRAM_SHA256  $TOOLS/bin/wheelhouse" | sha256sum --check --quiet -
{% endif %}
chmod +x "$TOOLS/bin/wheelhouse"
{% else %}
python3 -m pip install --quiet --disable-pip-version-check --no-deps --index-url "$INDEX_URL" "$WHEELHOUSE_PACKAGE"
{% endif %}
