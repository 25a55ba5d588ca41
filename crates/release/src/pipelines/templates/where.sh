{% if uploads %}--repository-url "$UPLOAD_URL"{% else %}--index-url "$INDEX_URL"{% endif %}
{% for name in extra_names %} --extra-index-url "${{ name }}"{% endfor %}
{% if folder %} "$PROJECT_FOLDER"{% endif %}
