output "endpoints" {
  description = "URLs of all members, those of other calls included: what `registry_etcd.endpoints` of region-aws takes"
  value       = [for name in sort(keys(local.addresses)) : "https://${local.addresses[name]}:2379"]
}

output "certificate_authority" {
  description = "The authority of etcd's certificates, for the calls that make members in other regions. Members alone may read its secret"
  value       = { secret_arn = local.authority_arn }
}

output "client_secret_arns" {
  description = "Secret of each client, by cluster: JSON with ca, cert and key, PEM each, renewed by the members"
  value       = { for name, secret in aws_secretsmanager_secret.client : name => secret.arn }
}

output "security_group_id" {
  description = "Security group of the members"
  value       = aws_security_group.this.id
}

output "instance_ids" {
  description = "Instances of this call's members, by name"
  value       = { for name, instance in aws_instance.this : name => instance.id }
}

output "volume_ids" {
  description = "Data volumes of this call's members, by name"
  value       = { for name, volume in aws_ebs_volume.data : name => volume.id }
}

output "role_name" {
  description = "IAM role of this call's members"
  value       = aws_iam_role.this.name
}

output "backup_bucket" {
  description = "Bucket with the snapshots"
  value       = aws_s3_bucket.backup.bucket
}

output "user_data" {
  description = "User data of this call's instances, as text, by member; it holds no secret"
  value       = local.user_data
}
