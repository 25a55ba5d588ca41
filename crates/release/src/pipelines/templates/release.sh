{% include "before_release.sh" %}
{% if tag_variable %}
# Not every way of fetching the commit brings the tag along.
git rev-parse --quiet --verify "refs/tags/${{ tag_variable }}" >/dev/null || git tag "${{ tag_variable }}"
{% endif %}
wheelhouse release --yes --trusted-publishing {{ "always" if identity else "never" }} {% include "where.sh" %}

