resource "aws_iam_role" "this" {
  name_prefix = "${var.name}-"
  description = "Members of the etcd ${var.name}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.${data.aws_partition.current.dns_suffix}" }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })

  tags = local.tags
}

resource "aws_iam_instance_profile" "this" {
  name_prefix = "${var.name}-"
  role        = aws_iam_role.this.name

  tags = local.tags
}

resource "aws_iam_role_policy" "this" {
  name = "member"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "Authority"
          Effect   = "Allow"
          Action   = concat(["secretsmanager:GetSecretValue"], local.makes_authority ? ["secretsmanager:PutSecretValue"] : [])
          Resource = local.authority_arn
        },
        {
          Sid      = "Backup"
          Effect   = "Allow"
          Action   = "s3:PutObject"
          Resource = "${aws_s3_bucket.backup.arn}/${var.name}/*"
        },
      ],
      length(var.clients) == 0 ? [] : [{
        Sid      = "Clients"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"]
        Resource = sort([for secret in aws_secretsmanager_secret.client : secret.arn])
      }],
      var.kms_key_arn == null ? [] : [{
        Sid      = "Key"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = var.kms_key_arn
      }],
    )
  })
}
