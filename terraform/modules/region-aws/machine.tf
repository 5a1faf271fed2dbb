# What instances have beside what the module region gives every machine.
locals {
  program_dir = "/usr/local/lib/isthmus"
  hook        = "drain"

  settings = {
    ISTHMUS_GROUP          = local.name
    ISTHMUS_HOOK           = local.hook
    ISTHMUS_REGION         = data.aws_region.current.name
    ISTHMUS_LINGER_SECONDS = var.deregistration_seconds
    ISTHMUS_ADMITS         = join(" ", [for cluster, arn in var.admits : "${cluster}=${arn}"])
  }

  extra_files = concat(
    [for program in ["metadata", "secret", "health", "lifecycle", "admit"] : {
      path        = "${local.program_dir}/${program}"
      content     = file("${path.module}/files/${program}")
      permissions = "0755"
    }],
    [for unit in ["isthmus-health.socket", "isthmus-health@.service", "isthmus-lifecycle.service", "isthmus-secrets.service", "isthmus-secrets.timer", "isthmus-admit.service", "isthmus-admit.timer"] : {
      path        = "/etc/systemd/system/${unit}"
      content     = templatefile("${path.module}/files/${unit}", { program_dir = local.program_dir, health_port = local.health_port })
      permissions = "0644"
    }],
    [{
      path        = "/etc/isthmus/aws"
      content     = join("", [for name, value in local.settings : "${name}=\"${value}\"\n"])
      permissions = "0644"
    }],
  )
}
