data "isthmus_authorizations" "all" {}

output "refusing" {
  value = [
    for one in data.isthmus_authorizations.all.authorizations :
    "${one.namespace}/${one.name}" if one.action == "DENY"
  ]
}
