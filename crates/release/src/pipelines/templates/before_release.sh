{% include "tools.sh" %}
command -v uv >/dev/null || python3 -m pip install --quiet --disable-pip-version-check build
{% include "program.sh" %}
# In a container the files may belong to another user, and git then refuses to look at them.
git rev-parse --git-dir >/dev/null 2>&1 || git config --global --add safe.directory "$PWD"
