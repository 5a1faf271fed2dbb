locals {
  drain_seconds    = tonumber(regex("^\\d+", var.drain_timeout)) * (endswith(var.drain_timeout, "m") ? 60 : 1)
  all_ports        = compact(concat([for port in [local.ports.outbound, local.ports.east_west, local.ports.federation, local.ports.admin, local.ports.registry] : try(tostring(port), "")], [for port in concat(local.ports.tcp, local.ports.ingress) : tostring(port)]))
  has_low_ports    = anytrue([for port in local.all_ports : tonumber(port) < 1024])
  makes_identity   = var.identity != null
  has_join_service = var.join_token_command != null || local.makes_identity

  # What the cluster says of the service, beside what every gateway's unit says.
  own_settings = templatefile("${path.module}/templates/own-settings.conf.tftpl", {
    folder        = local.folder
    stop_seconds  = local.drain_seconds + 15
    open_files    = max(1048576, 2 * coalesce(var.limits.maxConnections, 50000) + 16384)
    has_low_ports = local.has_low_ports
    drain_timeout = var.drain_timeout
  })
  systemd_unit = templatefile("${path.module}/templates/isthmus.service.tftpl", {
    cluster = var.cluster
    folder  = local.folder
    own     = local.own_settings
  })
  # The package brings isthmus.service; its later versions are not to be hidden by one of ours.
  systemd_units = merge(
    {
      "isthmus.service.d/region.conf" = templatefile("${path.module}/templates/region.conf.tftpl", {
        cluster = var.cluster
        own     = local.own_settings
      })
      "isthmus-setup.service" = file("${path.module}/templates/isthmus-setup.service")
    },
    local.has_join_service ? { "isthmus-join.service" = file("${path.module}/templates/isthmus-join.service") } : {},
  )

  setup_script = templatefile("${path.module}/templates/setup.sh.tftpl", {
    gateway_id_command = var.gateway_id_command
    zone_command       = coalesce(var.zone_command, "echo ${coalesce(var.zone, "default")}")
    advertise_command  = var.advertise_command
    secret_commands    = var.secret_commands
    needs_local_token  = local.needs_local_token
    makes_certificate  = local.admin_tls != null && var.admin.tls == null
    load_command       = try(var.identity.load_command, null)
  })
  join_script = templatefile("${path.module}/templates/join.sh.tftpl", {
    admin_url          = local.admin_port == null ? var.listeners.admin : "${local.admin_tls == null ? "http" : "https"}://localhost:${local.admin_port}"
    has_certificate    = local.admin_tls != null
    needs_local_token  = local.needs_local_token
    join_token_command = var.join_token_command
    identity           = var.identity
  })
}
