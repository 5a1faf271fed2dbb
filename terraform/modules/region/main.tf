locals {
  # Where things are on a machine and in a pod alike.
  folder = "/etc/isthmus"
  data   = "/var/lib/isthmus"

  admin_is_local = startswith(var.listeners.admin, "unix:") || can(regex("^(localhost|127\\.\\d+\\.\\d+\\.\\d+|\\[::1\\]):", var.listeners.admin))
  admin_port     = startswith(var.listeners.admin, "unix:") ? null : tonumber(regex(":(\\d+)$", var.listeners.admin)[0])
  # A machine makes a certificate for itself at boot; pods get one from a Secret, under the same name.
  admin_tls = var.admin.tls != null || local.admin_is_local ? var.admin.tls : {
    cert     = "${local.folder}/tls/admin.pem"
    key      = "${local.folder}/tls/admin.key"
    clientCa = null
  }
  # Scripts on the machine ask the admin API as `local`.
  needs_local_token = !local.admin_is_local || var.admin.auth != null
  local_token_file  = "${local.folder}/secrets/local-admin"
  admin = merge(var.admin, {
    tls = local.admin_tls
    auth = !local.needs_local_token ? null : merge({ oidc = null, clientCertificates = null }, var.admin.auth, {
      tokens = concat(
        [{ name = "local", role = "admin", tokenFile = local.local_token_file }],
        try(var.admin.auth.tokens, []),
      )
    })
  })

  ports = {
    outbound   = tonumber(regex(":(\\d+)$", var.listeners.outbound)[0])
    east_west  = tonumber(regex(":(\\d+)$", var.listeners.eastWest)[0])
    federation = tonumber(regex(":(\\d+)$", var.listeners.federation)[0])
    admin      = local.admin_port
    registry   = try(tonumber(regex(":(\\d+)$", var.registry.embedded.listen)[0]), null)
    tcp        = [for port in var.tcp : tonumber(regex(":(\\d+)$", port.listen)[0])]
    ingress    = [for port in var.ingress : tonumber(regex(":(\\d+)$", port.listen)[0])]
  }

  founds   = try(var.registry.embedded, null) != null || try(var.registry.etcd.found, false) == true
  joins    = var.join_token_command != null || var.kubernetes != null
  embedded = try(var.registry.embedded, null)

  # A gateway's own name, zone and address come from its environment: the file is the same for all of them.
  configuration_with_nulls = {
    cluster    = var.cluster
    federation = var.federation
    region     = var.region
    zone       = coalesce(var.zone, "$${ISTHMUS_ZONE:-default}")
    network    = var.network
    capacity   = var.capacity
    gateway    = "$${ISTHMUS_GATEWAY}"
    data       = local.data
    listen     = var.listeners
    advertise = {
      eastWest = concat(
        [for address in var.advertise.private.eastWest : { address = address, scope = "private" }],
        coalesce(var.advertise.eastWest, ["$${ISTHMUS_ADVERTISE}:${local.ports.east_west}"]),
      )
      federation = concat(
        [for address in var.advertise.private.federation : { address = address, scope = "private" }],
        coalesce(var.advertise.federation, ["$${ISTHMUS_ADVERTISE}:${local.ports.federation}"]),
      )
    }
    registry = var.registry == null ? null : {
      etcd = var.registry.etcd
      host = var.registry.host
      embedded = local.embedded == null ? null : {
        listen    = local.embedded.listen
        advertise = coalesce(local.embedded.advertise, "$${ISTHMUS_ADVERTISE}:${local.ports.registry}")
      }
    }
    standalone     = coalesce(var.standalone, !(local.founds || local.joins))
    services       = var.services
    tcp            = var.tcp
    ingress        = var.ingress
    admin          = local.admin
    trustedProxies = var.trusted_proxies
    trustedFields  = var.trusted_fields
    balance        = var.balance
    timeouts       = var.timeouts
    limits         = var.limits
    workers        = var.workers
    warmUp         = var.warm_up
    overload       = var.overload
    exposeDecision = var.expose_decision
    drainTimeout   = var.drain_timeout
    log = {
      level  = var.log.level
      access = jsondecode(can(tonumber(var.log.access)) ? jsonencode(tonumber(var.log.access)) : jsonencode(var.log.access))
    }
    tracing  = var.tracing
    sampling = var.sampling
    metrics  = var.metrics
    ca       = var.ca
    audit    = var.audit
    history  = var.history
    quotas   = var.quotas
    verify   = var.verify
    trust    = var.trust
  }

  # What is null is left out, wherever it is. Within a string every quote is escaped, so that none of them is taken for a key.
  configuration = jsondecode(replace(replace(
    jsonencode(local.configuration_with_nulls),
    "/,\"[A-Za-z0-9_.-]+\":null/", ""),
    "/\"[A-Za-z0-9_.-]+\":null,?/", "",
  ))

  gateway_yaml = <<-EOT
    # The gateways of cluster ${var.cluster}. Made by Terraform: changes here are lost.
    ${indent(0, yamlencode(local.configuration))}
  EOT
}
