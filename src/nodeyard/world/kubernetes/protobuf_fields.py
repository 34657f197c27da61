"""Which field numbers of which Kubernetes messages mean what, for the kinds clients create in protobuf.

Read by `protobuf`. Pure data.
"""

from __future__ import annotations

# One line a message: field number, name, and after a colon its form. The forms: s text, i number, b boolean,
# y bytes (base64 in JSON), M map of text, Y map of bytes, or the name of another message. A star repeats.
FIELDS: dict[str, str] = {
    "ObjectMeta": "1 name:s|2 generateName:s|3 namespace:s|5 uid:s|6 resourceVersion:s|11 labels:M|"
    "12 annotations:M|13 ownerReferences:*OwnerReference|14 finalizers:*s",
    "OwnerReference": "5 apiVersion:s|1 kind:s|3 name:s|4 uid:s|6 controller:b|7 blockOwnerDeletion:b",
    "LabelSelector": "1 matchLabels:M|2 matchExpressions:*Requirement",
    "Requirement": "1 key:s|2 operator:s|3 values:*s",
    "Namespace": "1 metadata:ObjectMeta|2 spec:NamespaceSpec",
    "NamespaceSpec": "1 finalizers:*s",
    "ConfigMap": "1 metadata:ObjectMeta|2 data:M|3 binaryData:Y|4 immutable:b",
    "Secret": "1 metadata:ObjectMeta|2 data:Y|3 type:s|4 stringData:M|5 immutable:b",
    "ServiceAccount": "1 metadata:ObjectMeta",
    "Eviction": "1 metadata:ObjectMeta|2 deleteOptions:DeleteOptions",
    "DeleteOptions": "1 gracePeriodSeconds:i|2 preconditions:Preconditions|3 orphanDependents:b|"
    "4 propagationPolicy:s|5 dryRun:*s",
    "Preconditions": "1 uid:s|2 resourceVersion:s",
    "Scale": "1 metadata:ObjectMeta|2 spec:ScaleSpec",
    "ScaleSpec": "1 replicas:i",
    "Role": "1 metadata:ObjectMeta|2 rules:*PolicyRule",
    "ClusterRole": "1 metadata:ObjectMeta|2 rules:*PolicyRule",
    "PolicyRule": "1 verbs:*s|2 apiGroups:*s|3 resources:*s|4 resourceNames:*s|5 nonResourceURLs:*s",
    "RoleBinding": "1 metadata:ObjectMeta|2 subjects:*Subject|3 roleRef:RoleRef",
    "ClusterRoleBinding": "1 metadata:ObjectMeta|2 subjects:*Subject|3 roleRef:RoleRef",
    "Subject": "1 kind:s|2 apiGroup:s|3 name:s|4 namespace:s",
    "RoleRef": "1 apiGroup:s|2 kind:s|3 name:s",
    "PriorityClass": "1 metadata:ObjectMeta|2 value:i|3 globalDefault:b|4 description:s|5 preemptionPolicy:s",
    "PodDisruptionBudget": "1 metadata:ObjectMeta|2 spec:BudgetSpec",
    "BudgetSpec": "1 minAvailable:IntOrString|2 selector:LabelSelector|3 maxUnavailable:IntOrString|"
    "4 unhealthyPodEvictionPolicy:s",
    "IntOrString": "1 type:i|2 intVal:i|3 strVal:s",
    "Lease": "1 metadata:ObjectMeta|2 spec:LeaseSpec",
    "LeaseSpec": "1 holderIdentity:s|2 leaseDurationSeconds:i|5 leaseTransitions:i",
    "SelfSubjectAccessReview": "1 metadata:ObjectMeta|2 spec:AccessSpec",
    "AccessSpec": "1 resourceAttributes:ResourceAttributes",
    "ResourceAttributes": "1 namespace:s|2 verb:s|3 group:s|4 version:s|5 resource:s|"
    "6 subresource:s|7 name:s",
    "SelfSubjectRulesReview": "1 metadata:ObjectMeta|2 spec:RulesSpec",
    "RulesSpec": "1 namespace:s",
    "SelfSubjectReview": "1 metadata:ObjectMeta",
    "PodTemplateSpec": "1 metadata:ObjectMeta|2 spec:PodSpec",
    "Pod": "1 metadata:ObjectMeta|2 spec:PodSpec",
    "PodSpec": "1 volumes:*Volume|2 containers:*Container|3 restartPolicy:s|"
    "4 terminationGracePeriodSeconds:i|"
    "5 activeDeadlineSeconds:i|6 dnsPolicy:s|7 nodeSelector:M|8 serviceAccountName:s|9 serviceAccount:s|"
    "10 nodeName:s|11 hostNetwork:b|15 imagePullSecrets:*LocalReference|16 hostname:s|17 subdomain:s|"
    "19 schedulerName:s|20 initContainers:*Container|22 tolerations:*Toleration|24 priorityClassName:s",
    "Volume": "1 name:s",
    "LocalReference": "1 name:s",
    "Toleration": "1 key:s|2 operator:s|3 value:s|4 effect:s|5 tolerationSeconds:i",
    "Container": "1 name:s|2 image:s|3 command:*s|4 args:*s|5 workingDir:s|6 ports:*ContainerPort|"
    "7 env:*EnvVar|"
    "8 resources:Resources|13 terminationMessagePath:s|14 imagePullPolicy:s|16 stdin:b|17 stdinOnce:b|"
    "18 tty:b|"
    "20 terminationMessagePolicy:s",
    "ContainerPort": "1 name:s|2 hostPort:i|3 containerPort:i|4 protocol:s|5 hostIP:s",
    "EnvVar": "1 name:s|2 value:s",
    "Resources": "1 limits:Q|2 requests:Q",
    "Quantity": "1 string:s",
    "Deployment": "1 metadata:ObjectMeta|2 spec:DeploymentSpec",
    "DeploymentSpec": "1 replicas:i|2 selector:LabelSelector|3 template:PodTemplateSpec|4 strategy:Strategy|"
    "5 minReadySeconds:i|6 revisionHistoryLimit:i|7 paused:b|9 progressDeadlineSeconds:i",
    "Strategy": "1 type:s|2 rollingUpdate:RollingUpdate",
    "RollingUpdate": "1 maxUnavailable:IntOrString|2 maxSurge:IntOrString",
    "Job": "1 metadata:ObjectMeta|2 spec:JobSpec",
    "JobSpec": "1 parallelism:i|2 completions:i|3 activeDeadlineSeconds:i|4 selector:LabelSelector|"
    "5 manualSelector:b|6 template:PodTemplateSpec|7 backoffLimit:i|8 ttlSecondsAfterFinished:i|"
    "9 completionMode:s|10 suspend:b",
    "CronJob": "1 metadata:ObjectMeta|2 spec:CronJobSpec",
    "CronJobSpec": "1 schedule:s|2 startingDeadlineSeconds:i|3 concurrencyPolicy:s|4 suspend:b|"
    "5 jobTemplate:JobTemplateSpec|6 successfulJobsHistoryLimit:i|7 failedJobsHistoryLimit:i|8 timeZone:s",
    "JobTemplateSpec": "1 metadata:ObjectMeta|2 spec:JobSpec",
    "Service": "1 metadata:ObjectMeta|2 spec:ServiceSpec",
    "ServiceSpec": "1 ports:*ServicePort|2 selector:M|3 clusterIP:s|4 type:s|5 externalIPs:*s|"
    "7 sessionAffinity:s|8 loadBalancerIP:s|10 externalName:s",
    "ServicePort": "1 name:s|2 protocol:s|3 port:i|4 targetPort:IntOrString|5 nodePort:i",
    "ResourceQuota": "1 metadata:ObjectMeta|2 spec:QuotaSpec",
    "QuotaSpec": "1 hard:Q|2 scopes:*s",
    "Ingress": "1 metadata:ObjectMeta|2 spec:IngressSpec",
    "IngressSpec": "1 defaultBackend:IngressBackend|2 tls:*IngressTLS|3 rules:*IngressRule|"
    "4 ingressClassName:s",
    "IngressTLS": "1 hosts:*s|2 secretName:s",
    "IngressRule": "1 host:s|2 rule:<IngressRuleValue",
    "IngressRuleValue": "1 http:IngressPaths",
    "IngressPaths": "1 paths:*IngressPath",
    "IngressPath": "1 path:s|2 backend:IngressBackend|3 pathType:s",
    "IngressBackend": "4 service:IngressService",
    "IngressService": "1 name:s|2 port:IngressPort",
    "IngressPort": "1 name:s|2 number:i",
    "Binding": "1 metadata:ObjectMeta|2 target:ObjectReference",
    "ObjectReference": "1 kind:s|2 namespace:s|3 name:s|4 uid:s|5 apiVersion:s|6 resourceVersion:s|"
    "7 fieldPath:s",
}
