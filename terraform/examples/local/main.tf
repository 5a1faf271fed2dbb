locals {
  regions = { dc1 = "us-east", dc2 = "eu-west", dc3 = "ap-south" }

  ports = {
    for i, cluster in keys(local.regions) : cluster => {
      for j, name in ["admin", "outbound", "east_west", "federation", "registry", "instance"] : name => var.base_port + 10 * i + j
    }
  }
  admin = { for cluster, ports in local.ports : cluster => "http://127.0.0.1:${ports.admin}" }

  # Where a gateway on a machine of its own has /etc/isthmus and /var/lib/isthmus.
  folders = { for cluster in keys(local.regions) : cluster => abspath("${path.root}/run/${cluster}") }
  script  = abspath("${path.module}/processes.sh")
}

provider "isthmus" {
  alias   = "dc1"
  address = local.admin["dc1"]
}

provider "isthmus" {
  alias   = "dc2"
  address = local.admin["dc2"]
}

provider "isthmus" {
  alias   = "dc3"
  address = local.admin["dc3"]
}

module "gateway" {
  source   = "../../modules/region"
  for_each = local.regions

  federation = "acme"
  cluster    = each.key
  region     = each.value
  zone       = "a"
  workers    = 1
  # It is to serve as a member only.
  standalone = false
  listeners = {
    admin      = "127.0.0.1:${local.ports[each.key].admin}"
    outbound   = "127.0.0.1:${local.ports[each.key].outbound}"
    eastWest   = "127.0.0.1:${local.ports[each.key].east_west}"
    federation = "127.0.0.1:${local.ports[each.key].federation}"
  }
  advertise = {
    eastWest   = ["127.0.0.1:${local.ports[each.key].east_west}"]
    federation = ["127.0.0.1:${local.ports[each.key].federation}"]
  }
  # The first founds the federation; the others join it.
  registry = each.key != "dc1" ? null : {
    embedded = { listen = "127.0.0.1:${local.ports[each.key].registry}", advertise = "127.0.0.1:${local.ports[each.key].registry}" }
  }
}

# A gateway that runs takes up what changed of its configuration.
resource "terraform_data" "configuration" {
  for_each = local.regions

  triggers_replace = [module.gateway[each.key].gateway_yaml]

  provisioner "local-exec" {
    command = "sh ${local.script} configure ${local.folders[each.key]}"
    quiet   = true
    environment = {
      CONFIGURATION = replace(module.gateway[each.key].gateway_yaml, "/var/lib/isthmus", "${local.folders[each.key]}/data")
    }
  }
}

resource "terraform_data" "gateway" {
  for_each   = local.regions
  depends_on = [terraform_data.configuration]

  input = {
    script = local.script
    folder = local.folders[each.key]
    admin  = local.admin[each.key]
  }

  provisioner "local-exec" {
    command = "sh ${self.input.script} start ${self.input.folder} ${self.input.admin}"
    quiet   = true
  }

  provisioner "local-exec" {
    when    = destroy
    command = "sh ${self.input.script} remove ${self.input.folder}"
    quiet   = true
  }
}

resource "terraform_data" "membership" {
  for_each = { for cluster, admin in local.admin : cluster => admin if cluster != "dc1" }

  triggers_replace = [terraform_data.gateway[each.key].id, terraform_data.gateway["dc1"].id]

  provisioner "local-exec" {
    command = "sh ${local.script} join ${each.key} ${each.value} ${local.admin["dc1"]}"
    quiet   = true
  }
}

# What is asked for: a small server in each cluster.
resource "terraform_data" "instance" {
  for_each = local.regions

  input = {
    script = local.script
    folder = "${local.folders[each.key]}-orders"
    name   = "orders-${each.key}"
    port   = local.ports[each.key].instance
  }

  provisioner "local-exec" {
    command = "sh ${self.input.script} start-instance ${self.input.folder} ${self.input.name} ${self.input.port}"
    quiet   = true
  }

  provisioner "local-exec" {
    when    = destroy
    command = "sh ${self.input.script} remove ${self.input.folder}"
    quiet   = true
  }
}

locals {
  # The same in each cluster: its copy of the service, that others may use it, and how requests are balanced.
  offered = {
    for cluster, ports in local.ports : cluster => {
      endpoints = { "orders.shop/orders-1" = {
        address = "127.0.0.1"
        port    = ports.instance
        check   = { http = { path = "/" }, interval = "500ms", rise = 1, fall = 2 }
      } }
      service_exports  = { "orders.shop" = true }
      traffic_policies = { "shop/orders" = { service = "orders", balance = { failback = { hold = "500ms", ramp = "1s" } }, timeouts = { request = "5s" } } }
    }
  }
}

module "dc1" {
  source     = "../../modules/federation"
  providers  = { isthmus = isthmus.dc1 }
  depends_on = [terraform_data.membership, terraform_data.instance]

  endpoints        = local.offered["dc1"].endpoints
  service_exports  = local.offered["dc1"].service_exports
  traffic_policies = local.offered["dc1"].traffic_policies

  clusters = { dc1 = {}, dc2 = {}, dc3 = {} }
  drill_schedules = {
    monthly = {
      cron    = var.drills
      enabled = var.drills_enabled
      spec    = { kind = "evacuate", scope = { cluster = "dc1" }, duration = "30s", reason = "monthly rehearsal" }
    }
  }
}

module "dc2" {
  source     = "../../modules/federation"
  providers  = { isthmus = isthmus.dc2 }
  depends_on = [terraform_data.membership, terraform_data.instance]

  endpoints        = local.offered["dc2"].endpoints
  service_exports  = local.offered["dc2"].service_exports
  traffic_policies = local.offered["dc2"].traffic_policies
}

module "dc3" {
  source     = "../../modules/federation"
  providers  = { isthmus = isthmus.dc3 }
  depends_on = [terraform_data.membership, terraform_data.instance]

  endpoints        = local.offered["dc3"].endpoints
  service_exports  = local.offered["dc3"].service_exports
  traffic_policies = local.offered["dc3"].traffic_policies
}
