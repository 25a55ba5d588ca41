// Checks each change of {{ title }}, and releases it when a tag such as {{ tag_prefix }}1.2.0 is built.
// It is for a multibranch pipeline that discovers branches, pull requests and tags.

pipeline {
{% if image %}
    agent { docker { image {{ image|groovy }} } }
{% else %}
    // Needs git, curl and python3 with venv.
    agent any
{% endif %}

    options {
        // One release after the other.
        disableConcurrentBuilds()
        timeout(time: 30, unit: 'MINUTES')
    }

    environment {
{% for name, value in variables|items %}
        {{ name }} = {{ value|groovy }}
{% endfor %}
    }

    stages {
{% if tests %}
        stage('Test') {
            steps {
                sh '''
{% filter groovy_text|shift(20) %}{% include "test.sh" %}{% endfilter %}
                '''
            }
        }
{% endif %}
        stage('Check') {
            steps {
                sh '''
{% filter groovy_text|shift(20) %}{% include "check.sh" %}{% endfilter %}
                '''
            }
        }
        stage('Release') {
            when {
                tag pattern: {{ (tag_regex ~ "[0-9].*")|groovy }}, comparator: 'REGEXP'
            }
            environment {
{% if identity %}
                // A credential of the plugin "OpenID Connect Provider"; it is exchanged for a token of the
                // index that is good for 15 minutes.
                {{ identity_variable }} = credentials('wheelhouse-identity')
{% else %}
                // A credential of the kind "Secret text"; Jenkins masks it in the log.
                UV_PUBLISH_TOKEN = credentials('wheelhouse-token')
{% endif %}
            }
            steps {
                sh '''
{% filter groovy_text|shift(20) %}{% include "release.sh" %}{% endfilter %}
                '''
            }
        }
    }
}
