{% include "before_release.sh" %}
# What only a release must have is left out: a version and an entry of the changelog of its own.
wheelhouse release --dry-run --skip branch,version,changelog,tag,index,newest {% include "where.sh" %}

