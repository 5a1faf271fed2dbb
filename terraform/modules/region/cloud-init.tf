locals {
  package_file = var.package == null ? null : "/var/cache/isthmus-package.${regex("(deb|rpm)$", var.package.url)[0]}"
  # The checksum is looked at before anything of the package runs.
  install_commands = var.package == null ? [] : [
    "curl --fail --silent --show-error --location --retry 5 --retry-connrefused --output ${local.package_file} '${var.package.url}'",
    "echo '${var.package.sha256}  ${local.package_file}' | sha256sum --check --status",
    # The configuration that is there already stays.
    endswith(var.package.url, ".deb") ? "DEBIAN_FRONTEND=noninteractive apt-get install --yes --option Dpkg::Options::=--force-confold ${local.package_file}" : "dnf install --assumeyes ${local.package_file}",
  ]

  # One script: with a list of commands cloud-init would go on after one that failed.
  install_script = join("\n", concat(
    ["#!/bin/sh", "set -eu"],
    local.install_commands,
    var.extra_commands,
    ["systemctl daemon-reload", "systemctl enable isthmus.service${local.has_join_service ? " isthmus-join.service" : ""}", "systemctl restart isthmus.service", local.has_join_service ? "systemctl start --no-block isthmus-join.service" : "", ""],
  ))

  user_data = "#cloud-config\n${yamlencode({
    packages = var.packages
    write_files = concat(
      [
        { path = "${local.folder}/gateway.yaml", content = local.gateway_yaml, permissions = "0644", owner = "root:root" },
        { path = "${local.folder}/setup.sh", content = local.setup_script, permissions = "0700", owner = "root:root" },
      ],
      local.has_join_service ? [{ path = "${local.folder}/join.sh", content = local.join_script, permissions = "0700", owner = "root:root" }] : [],
      [{ path = "${local.folder}/install.sh", content = local.install_script, permissions = "0700", owner = "root:root" }],
      [for name, unit in local.systemd_units : { path = "/etc/systemd/system/${name}", content = unit, permissions = "0644", owner = "root:root" }],
      [for file in var.extra_files : { path = file.path, content = file.content, permissions = file.permissions, owner = file.owner }],
    )
    runcmd = [["sh", "${local.folder}/install.sh"]]
  })}"
}
