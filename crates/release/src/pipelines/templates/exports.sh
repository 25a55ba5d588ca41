{% for name, value in variables|items %}
export {{ name }}={{ value|shell }}
{% endfor %}
