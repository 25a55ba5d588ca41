{{- define "wheelhouse.name" -}}
{{- $named := default (ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) (contains .Chart.Name .Release.Name)) .Values.fullnameOverride -}}
{{- $named | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "wheelhouse.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: server
{{- end -}}

{{- define "wheelhouse.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "wheelhouse.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- define "wheelhouse.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default (include "wheelhouse.name" .) }}
{{- else -}}
{{ .Values.serviceAccount.name | default "default" }}
{{- end -}}
{{- end -}}

{{- /* Whether there may be several servers: then nothing on a volume has to last. */ -}}
{{- define "wheelhouse.isShared" -}}
{{- if and .Values.catalog.address .Values.files.location }}yes{{ end -}}
{{- end -}}

{{- define "wheelhouse.isMany" -}}
{{- if or .Values.autoscaling.enabled (gt (int .Values.replicas) 1) }}yes{{ end -}}
{{- end -}}

{{- define "wheelhouse.basePath" -}}
{{- with trimAll "/" .Values.basePath }}/{{ . }}{{ end -}}
{{- end -}}

{{- /* The address of the catalog, with the certificates that it is checked against. */ -}}
{{- define "wheelhouse.catalog" -}}
{{- .Values.catalog.address -}}
{{- if .Values.catalog.authorityConfigMap.name -}}
{{- ternary "&" "?" (contains "?" .Values.catalog.address) -}}
sslrootcert=/etc/wheelhouse-authority/{{ .Values.catalog.authorityConfigMap.key }}
{{- end -}}
{{- end -}}

{{- /* A line of TOML. Numbers of YAML may have become fractions on their way. */ -}}
{{- define "wheelhouse.setting" -}}
{{ .key }} = {{ if or (kindIs "float64" .value) (kindIs "int64" .value) (kindIs "int" .value) }}{{ int64 .value }}{{ else }}{{ toJson .value }}{{ end }}
{{- end -}}

{{- /* Refuses values that cannot work together. */ -}}
{{- define "wheelhouse.check" -}}
{{- $shared := include "wheelhouse.isShared" . -}}
{{- if and (include "wheelhouse.isMany" .) (not $shared) -}}
{{- fail "several servers (replicas, autoscaling.enabled) need a catalog and files that they share: set catalog.address to postgres://… and files.location to s3://…, gs://… or az://…" -}}
{{- end -}}
{{- if and .Values.autoscaling.enabled (gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) -}}
{{- fail "autoscaling.minReplicas is more than autoscaling.maxReplicas" -}}
{{- end -}}
{{- if and $shared .Values.storage.existingClaim -}}
{{- fail "storage.existingClaim is for one server: with catalog.address and files.location nothing on a volume lasts" -}}
{{- end -}}
{{- if regexMatch "^[a-z]+://[^/@]*:[^/@]*@" .Values.catalog.address -}}
{{- fail "catalog.address holds a password; write it into a Secret and name that in catalog.passwordSecret" -}}
{{- end -}}
{{- if and .Values.files.credentialsSecret.name (not (regexMatch "^(s3|gs)://" .Values.files.location)) -}}
{{- fail "files.credentialsSecret is for s3:// and gs://; hand other credentials in with env" -}}
{{- end -}}
{{- range $key := list "host" "port" "server-base-url" "roots" "files" "s3-endpoint" "s3-region" "files-plain-http" "state-dir" "catalog" "catalog-password-file" "passwords" "trusted-proxy" "drain-seconds" -}}
{{- if hasKey $.Values.settings $key -}}
{{- fail (printf "settings.%s is written by the chart: docs/operations/deploying.md says from which value" $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "wheelhouse.podSecurity" -}}
runAsNonRoot: true
runAsUser: 9898
runAsGroup: 9898
fsGroup: 9898
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "wheelhouse.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- /* One key of a Secret as a file. */ -}}
{{- define "wheelhouse.secretFile" -}}
secret:
  secretName: {{ .secret.name }}
  defaultMode: 0440
  items:
    - key: {{ .secret.key }}
      path: {{ .path }}
{{- end -}}
