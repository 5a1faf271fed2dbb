locals {
  program_dir = "/usr/local/lib/isthmus-etcd"
  programs    = ["certificates", "users", "backup", "restore", "volume"]

  # What differs between members; the programs read it.
  settings = {
    for name, member in var.members : name => {
      MEMBER           = name
      ADDRESS          = member.private_ip
      CLIENT_URL       = "https://${member.private_ip}:2379"
      FEDERATION       = var.federation
      AUTHORITY_SECRET = local.authority_arn
      AUTHORITY_REGION = element(split(":", local.authority_arn), 3)
      # The first version of the authority's secret has this id: who would make another is refused.
      AUTHORITY_VERSION = uuidv5("url", "isthmus:etcd:authority:${local.authority_arn}")
      REGION            = data.aws_region.current.name
      IS_ISSUER         = name == local.issuer && local.makes_authority ? "yes" : "no"
      CLIENTS = join(" ", [
        for client, spec in var.clients : "${client}=${spec.admits ? "admits" : "member"}=${aws_secretsmanager_secret.client[client].arn}"
      ])
      VOLUME     = aws_ebs_volume.data[name].id
      BACKUP_URL = "s3://${aws_s3_bucket.backup.bucket}/${var.name}"
      BACKUP_KMS = coalesce(var.kms_key_arn, "aws")
    }
  }

  # Debian's unit reads /etc/default/etcd.
  etcd_settings = {
    for name, member in var.members : name => {
      ETCD_NAME                        = name
      ETCD_DATA_DIR                    = "/var/lib/etcd/data"
      ETCD_LISTEN_CLIENT_URLS          = "https://${member.private_ip}:2379,https://127.0.0.1:2379"
      ETCD_ADVERTISE_CLIENT_URLS       = "https://${member.private_ip}:2379"
      ETCD_LISTEN_PEER_URLS            = "https://${member.private_ip}:2380"
      ETCD_INITIAL_ADVERTISE_PEER_URLS = "https://${member.private_ip}:2380"
      ETCD_LISTEN_METRICS_URLS         = "http://127.0.0.1:2381"
      ETCD_INITIAL_CLUSTER             = join(",", [for other in sort(keys(local.addresses)) : "${other}=https://${local.addresses[other]}:2380"])
      ETCD_INITIAL_CLUSTER_TOKEN       = "${var.name}-${var.federation}"
      ETCD_INITIAL_CLUSTER_STATE       = "new"
      ETCD_CERT_FILE                   = "/etc/isthmus-etcd/tls/member.crt"
      ETCD_KEY_FILE                    = "/etc/isthmus-etcd/tls/member.key"
      ETCD_CLIENT_CERT_AUTH            = "true"
      ETCD_TRUSTED_CA_FILE             = "/etc/isthmus-etcd/tls/ca.crt"
      ETCD_PEER_CERT_FILE              = "/etc/isthmus-etcd/tls/member.crt"
      ETCD_PEER_KEY_FILE               = "/etc/isthmus-etcd/tls/member.key"
      ETCD_PEER_CLIENT_CERT_AUTH       = "true"
      ETCD_PEER_TRUSTED_CA_FILE        = "/etc/isthmus-etcd/tls/ca.crt"
      # The authority signs clients, too: without this a client could pose as a member.
      ETCD_PEER_CERT_ALLOWED_CN      = "etcd-member"
      ETCD_AUTO_COMPACTION_MODE      = "periodic"
      ETCD_AUTO_COMPACTION_RETENTION = "1h"
      ETCD_QUOTA_BACKEND_BYTES       = "2147483648"
      ETCD_HEARTBEAT_INTERVAL        = length(var.other_members) > 0 ? "250" : "100"
      ETCD_ELECTION_TIMEOUT          = length(var.other_members) > 0 ? "2500" : "1000"
    }
  }

  units = {
    "etcd.service.d/isthmus.conf" = "drop-in.conf"
    "isthmus-etcd-upkeep.service" = "upkeep.service"
    "isthmus-etcd-upkeep.timer"   = "upkeep.timer"
    "isthmus-etcd-backup.service" = "backup.service"
    "isthmus-etcd-backup.timer"   = "backup.timer"
  }

  user_data = {
    for name in keys(var.members) : name => join("\n", ["#cloud-config", yamlencode({
      # Debian starts a server as soon as it is installed; this one is to start with its certificates and on its volume.
      bootcmd         = [["systemctl", "mask", "etcd.service"]]
      package_update  = true
      package_upgrade = true
      packages        = ["etcd-server", "etcd-client", "awscli", "jq", "openssl", "unattended-upgrades"]
      write_files = concat(
        [
          {
            path        = "/etc/isthmus-etcd/settings"
            permissions = "0644"
            content     = join("", [for key, value in local.settings[name] : "${key}='${value}'\n"])
          },
          {
            path        = "/etc/default/etcd"
            permissions = "0644"
            content     = join("", [for key, value in local.etcd_settings[name] : "${key}=${value}\n"])
          },
        ],
        [for program in local.programs : {
          path        = "${local.program_dir}/${program}"
          permissions = "0755"
          content     = file("${path.module}/files/${program}")
        }],
        [for unit, source in local.units : {
          path        = "/etc/systemd/system/${unit}"
          permissions = "0644"
          content     = templatefile("${path.module}/files/${source}", { on_calendar = var.backup.on_calendar, program_dir = local.program_dir })
        }],
      )
      runcmd = [
        ["${local.program_dir}/volume"],
        ["systemctl", "unmask", "etcd.service"],
        ["systemctl", "daemon-reload"],
        ["systemctl", "enable", "--now", "--no-block", "etcd.service", "isthmus-etcd-upkeep.timer", "isthmus-etcd-backup.timer"],
      ]
    })])
  }
}
