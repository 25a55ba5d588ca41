{% include "tools.sh" %}
{% if tests.tool == "pytest" %}
python3 -m pip install --quiet --disable-pip-version-check pytest
{% if folder %}
cd "$PROJECT_FOLDER"
{% endif %}
# The project is built with what the runner's own index has, and gets its requirements where it will get them.
python3 -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$TOOLS/wheels" .
for wheel in "$TOOLS"/wheels/*.whl; do
  python3 -m pip install --quiet --disable-pip-version-check {% include "indexes.sh" %} "$wheel"{{ tests.install }}
done
python3 -m pytest
{% else %}
python3 -m pip install --quiet --disable-pip-version-check {{ tests.tool }}
{% if uploads %}
export PIP_EXTRA_INDEX_URL="$INDEX_URL{% for name in extra_names %} ${{ name }}{% endfor %}"
{% else %}
export PIP_INDEX_URL="$INDEX_URL"
{% if extra_names %}
export PIP_EXTRA_INDEX_URL="{% for name in extra_names %}{{ " " if not loop.first }}${{ name }}{% endfor %}"
{% endif %}
{% endif %}
{% if folder %}
cd "$PROJECT_FOLDER"
{% endif %}
{% if tests.tool == "tox" %}
python3 -m tox run -e py
{% else %}
python3 -m nox
{% endif %}
{% endif %}
