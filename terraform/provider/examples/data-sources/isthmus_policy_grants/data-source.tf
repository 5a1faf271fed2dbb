data "isthmus_policy_grants" "all" {}

output "founder" {
  value = one([for one in data.isthmus_policy_grants.all.policy_grants : one.cluster if one.founder])
}
