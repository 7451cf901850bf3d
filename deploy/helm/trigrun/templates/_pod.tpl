{{/*
What the pods of both Deployments have in common. Names: the release's, with the role behind it.
*/}}
{{- define "trigrun.selector" -}}
app.kubernetes.io/name: trigrun
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "trigrun.labels" -}}
{{ include "trigrun.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "trigrun.env" -}}
- name: DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ .Values.secrets.database.name }}
      key: {{ .Values.secrets.database.key }}
- name: TRIGRUN_ENCRYPTION_KEY
  valueFrom:
    secretKeyRef:
      name: {{ .Values.secrets.encryptionKey.name }}
      key: {{ .Values.secrets.encryptionKey.key }}
{{- range $variable, $reference := .Values.secrets.more }}
- name: {{ $variable }}
  valueFrom:
    secretKeyRef:
      name: {{ $reference.name }}
      key: {{ $reference.key }}
{{- end }}
{{- range $variable, $value := .Values.settings }}
- name: {{ $variable }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{- define "trigrun.container" -}}
image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
imagePullPolicy: {{ .Values.image.pullPolicy }}
ports:
  - name: http
    containerPort: 7400
startupProbe:
  httpGet: { path: /healthz, port: http }
  periodSeconds: 2
  # Migrations of a big database take minutes.
  failureThreshold: 300
livenessProbe:
  httpGet: { path: /healthz, port: http }
  periodSeconds: 10
  timeoutSeconds: 3
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /readyz, port: http }
  periodSeconds: 5
  timeoutSeconds: 3
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
env:
  {{- include "trigrun.env" . | nindent 2 }}
volumeMounts:
  - name: data
    mountPath: /data
{{- end }}

{{- define "trigrun.pod" -}}
automountServiceAccountToken: false
# The Service of a release named trigrun would give TRIGRUN_PORT and the like to every pod, and
# TrigRun refuses a variable that is no setting of its own.
enableServiceLinks: false
terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
securityContext:
  runAsNonRoot: true
  # The user `node` of the image.
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  seccompProfile: { type: RuntimeDefault }
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  # The first token is written there; the key comes from its Secret.
  - name: data
    emptyDir: {}
{{- end }}
