locals {
  # Without `kubernetes` the same is rendered of nothing, and left out.
  k8s = var.kubernetes != null ? var.kubernetes : {
    image             = "none:0", name = "isthmus", namespace = "isthmus", replicas = 0, advertise_domain = "invalid", service_type = "ClusterIP", service_annotations = {}
    admin_tls_secret  = "none", secret = "none", join_token_secret = null, storage_class = null, storage_size = "1Gi", cpu = "1", memory = "1Gi"
    client_namespaces = {}, admin_namespaces = {}, labels = {}
  }
  k8s_labels = { "app.kubernetes.io/name" = "isthmus", "app.kubernetes.io/instance" = local.k8s.name }
  k8s_pods   = "${local.k8s.name}-pods"
  k8s_metadata = {
    namespace = local.k8s.namespace
    labels    = merge(local.k8s.labels, local.k8s_labels, { "app.kubernetes.io/part-of" = "isthmus", "app.kubernetes.io/managed-by" = "terraform" })
  }

  # By name of the port: where clients of this cluster ask, and where other clusters' gateways do.
  k8s_client_ports = merge(
    { outbound = local.ports.outbound },
    { for i, port in local.ports.tcp : "tcp-${i}" => port },
    { for i, port in local.ports.ingress : "ingress-${i}" => port },
  )
  k8s_federation_ports = merge(
    { east-west = local.ports.east_west, federation = local.ports.federation },
    local.ports.registry == null ? {} : { registry = local.ports.registry },
  )
  k8s_all_ports = merge(local.k8s_client_ports, local.k8s_federation_ports, { admin = local.ports.admin })

  # A probe names localhost, which the certificate is for as well as for the pod's name; kubelet does not verify it.
  k8s_probe = {
    for path in ["healthz", "readyz"] : path => {
      httpGet = {
        path        = "/${path}"
        port        = "admin"
        scheme      = "HTTPS"
        httpHeaders = [{ name = "Host", value = "localhost" }]
      }
    }
  }

  k8s_mounts = [
    { name = "data", mountPath = local.data },
    { name = "configuration", mountPath = "${local.folder}/gateway.yaml", subPath = "gateway.yaml", readOnly = true },
    { name = "tls", mountPath = "${local.folder}/tls", readOnly = true },
    { name = "secrets", mountPath = "${local.folder}/secrets", readOnly = true },
    { name = "join", mountPath = "${local.folder}/join", readOnly = true },
    { name = "compiled", mountPath = "/var/cache/isthmus" },
    { name = "tmp", mountPath = "/tmp" },
  ]

  # Run whenever a pod starts; Kubernetes starts the pod again until it succeeds.
  k8s_join = concat(
    ["isthmus", "join", "--when-needed", "--ca", "${local.folder}/tls/ca.crt", "--admin-token-file", "${local.folder}/secrets/local-admin"],
    [for ordinal in range(local.k8s.replicas) : "--sibling=https://${local.k8s.name}-${ordinal}.${local.k8s_pods}.${local.k8s.namespace}.svc:${local.ports.admin == null ? 0 : local.ports.admin}"],
    local.k8s.join_token_secret == null ? [] : ["--token-file", "${local.folder}/join/token"],
  )

  k8s_container = {
    name  = "gateway"
    image = local.k8s.image
    args  = ["gateway", "--config", "${local.folder}/gateway.yaml"]
    env = [
      { name = "ISTHMUS_GATEWAY", valueFrom = { fieldRef = { fieldPath = "metadata.name" } } },
      { name = "ISTHMUS_ZONE", valueFrom = { fieldRef = { fieldPath = "metadata.labels['topology.kubernetes.io/zone']" } } },
      { name = "ISTHMUS_ADVERTISE", value = "$(ISTHMUS_GATEWAY).${local.k8s.advertise_domain}" },
      { name = "ISTHMUS_POD_IP", valueFrom = { fieldRef = { fieldPath = "status.podIP" } } },
      { name = "ISTHMUS_ADMIN", value = "https://localhost:${local.ports.admin == null ? 0 : local.ports.admin}" },
      { name = "NODE_COMPILE_CACHE", value = "/var/cache/isthmus" },
    ]
    ports          = [for name, port in local.k8s_all_ports : { name = name, containerPort = port, protocol = "TCP" } if port != null]
    lifecycle      = { postStart = { exec = { command = local.k8s_join } } }
    startupProbe   = merge(local.k8s_probe.healthz, { periodSeconds = 1, failureThreshold = 60 })
    livenessProbe  = merge(local.k8s_probe.healthz, { periodSeconds = 10, timeoutSeconds = 5, failureThreshold = 6 })
    readinessProbe = merge(local.k8s_probe.readyz, { periodSeconds = 2, timeoutSeconds = 2, failureThreshold = 2 })
    resources = {
      requests = { cpu = local.k8s.cpu, memory = local.k8s.memory }
      limits   = { memory = local.k8s.memory }
    }
    securityContext = {
      allowPrivilegeEscalation = false
      readOnlyRootFilesystem   = true
      capabilities             = { drop = ["ALL"] }
    }
    volumeMounts = local.k8s_mounts
  }

  k8s_objects = merge({
    "configmap" = {
      apiVersion = "v1"
      kind       = "ConfigMap"
      metadata   = merge(local.k8s_metadata, { name = local.k8s.name })
      data       = { "gateway.yaml" = local.gateway_yaml }
    }

    # Its pods' own names, also before they are ready: another pod admits them then.
    "service-pods" = {
      apiVersion = "v1"
      kind       = "Service"
      metadata   = merge(local.k8s_metadata, { name = local.k8s_pods })
      spec = {
        clusterIP                = "None"
        publishNotReadyAddresses = true
        selector                 = local.k8s_labels
        ports                    = [{ name = "admin", port = local.ports.admin, targetPort = "admin", protocol = "TCP" }]
      }
    }

    # For programs of this cluster: those of a zone ask the gateways of that zone.
    "service" = {
      apiVersion = "v1"
      kind       = "Service"
      metadata   = merge(local.k8s_metadata, { name = local.k8s.name })
      spec = {
        type                = "ClusterIP"
        selector            = local.k8s_labels
        trafficDistribution = "PreferClose"
        ports               = [for name, port in local.k8s_client_ports : { name = name, port = port, targetPort = name, protocol = "TCP" }]
      }
    }

    "statefulset" = {
      apiVersion = "apps/v1"
      kind       = "StatefulSet"
      metadata   = merge(local.k8s_metadata, { name = local.k8s.name })
      spec = {
        replicas    = local.k8s.replicas
        serviceName = local.k8s_pods
        # The first is a member before the second asks it to be admitted.
        podManagementPolicy = "OrderedReady"
        updateStrategy      = { type = "RollingUpdate" }
        selector            = { matchLabels = local.k8s_labels }
        template = {
          metadata = {
            labels = local.k8s_metadata.labels
            # Another configuration rolls the pods.
            annotations = { "isthmus/configuration" = sha256(local.gateway_yaml) }
          }
          spec = {
            automountServiceAccountToken  = false
            terminationGracePeriodSeconds = local.drain_seconds + 15
            securityContext = {
              runAsNonRoot   = true
              runAsUser      = 65532
              runAsGroup     = 65532
              fsGroup        = 65532
              seccompProfile = { type = "RuntimeDefault" }
              # Else the authority's key would be opened to the group at each start, and refused.
              fsGroupChangePolicy = "OnRootMismatch"
            }
            topologySpreadConstraints = [{
              maxSkew           = 1
              topologyKey       = "topology.kubernetes.io/zone"
              whenUnsatisfiable = "ScheduleAnyway"
              labelSelector     = { matchLabels = local.k8s_labels }
            }]
            affinity = {
              podAntiAffinity = {
                requiredDuringSchedulingIgnoredDuringExecution = [{
                  topologyKey   = "kubernetes.io/hostname"
                  labelSelector = { matchLabels = local.k8s_labels }
                }]
              }
            }
            containers = [local.k8s_container]
            volumes = [
              { name = "configuration", configMap = { name = local.k8s.name } },
              { name = "tls", secret = { secretName = local.k8s.admin_tls_secret, defaultMode = 288, items = [
                { key = "tls.crt", path = "admin.pem" }, { key = "tls.key", path = "admin.key" }, { key = "ca.crt", path = "ca.crt" }
              ] } },
              { name = "secrets", secret = { secretName = local.k8s.secret, defaultMode = 288 } },
              # A token that was used, or never needed, may be gone.
              { name = "join", secret = { secretName = coalesce(local.k8s.join_token_secret, "${local.k8s.name}-join-token"), defaultMode = 288, optional = true } },
              { name = "compiled", emptyDir = {} },
              { name = "tmp", emptyDir = {} },
            ]
          }
        }
        volumeClaimTemplates = [{
          apiVersion = "v1"
          kind       = "PersistentVolumeClaim"
          metadata   = { name = "data", labels = local.k8s_labels }
          spec = merge(
            { accessModes = ["ReadWriteOnce"], resources = { requests = { storage = local.k8s.storage_size } } },
            local.k8s.storage_class == null ? {} : { storageClassName = local.k8s.storage_class },
          )
        }]
      }
    }

    "poddisruptionbudget" = {
      apiVersion = "policy/v1"
      kind       = "PodDisruptionBudget"
      metadata   = merge(local.k8s_metadata, { name = local.k8s.name })
      spec       = { maxUnavailable = 1, selector = { matchLabels = local.k8s_labels } }
    }

    "networkpolicy" = {
      apiVersion = "networking.k8s.io/v1"
      kind       = "NetworkPolicy"
      metadata   = merge(local.k8s_metadata, { name = local.k8s.name })
      spec = {
        podSelector = { matchLabels = local.k8s_labels }
        policyTypes = ["Ingress"]
        ingress = concat(
          [
            { from = [{ namespaceSelector = { matchLabels = local.k8s.client_namespaces } }], ports = [{ port = "outbound", protocol = "TCP" }] },
            # Everybody may try: these speak mutual TLS, and refuse whoever is no member.
            { ports = [for name in keys(local.k8s_federation_ports) : { port = name, protocol = "TCP" }] },
            {
              from = concat(
                [{ podSelector = { matchLabels = local.k8s_labels } }],
                length(local.k8s.admin_namespaces) == 0 ? [] : [{ namespaceSelector = { matchLabels = local.k8s.admin_namespaces } }],
              )
              ports = [{ port = "admin", protocol = "TCP" }]
            },
          ],
          length(var.tcp) + length(var.ingress) == 0 ? [] : [
            { ports = [for name in keys(local.k8s_client_ports) : { port = name, protocol = "TCP" } if name != "outbound"] }
          ],
        )
      }
    }
    }, {
    # One for each pod: another cluster's links, and what it asks of one gateway, must reach that one.
    for ordinal in range(local.k8s.replicas) : "service-${ordinal}" => {
      apiVersion = "v1"
      kind       = "Service"
      metadata = merge(local.k8s_metadata, {
        name        = "${local.k8s.name}-${ordinal}"
        annotations = merge({ "external-dns.alpha.kubernetes.io/hostname" = "${local.k8s.name}-${ordinal}.${local.k8s.advertise_domain}" }, local.k8s.service_annotations)
      })
      spec = merge(
        {
          type     = local.k8s.service_type
          selector = merge(local.k8s_labels, { "statefulset.kubernetes.io/pod-name" = "${local.k8s.name}-${ordinal}" })
          # A pod joins before it is ready, and is admitted by name.
          publishNotReadyAddresses = true
          ports                    = [for name, port in local.k8s_federation_ports : { name = name, port = port, targetPort = name, protocol = "TCP" }]
        },
        # Addresses of clients stay as they are.
        local.k8s.service_type == "ClusterIP" ? {} : { externalTrafficPolicy = "Local" },
      )
    }
  })
}
