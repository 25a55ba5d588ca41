{{ "--extra-index-url" if uploads else "--index-url" }} "$INDEX_URL"
{%- for name in extra_names %} --extra-index-url "${{ name }}"{% endfor %}
