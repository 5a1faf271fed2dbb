data "isthmus_authentications" "all" {}

output "issuers" {
  value = distinct(flatten([
    for one in data.isthmus_authentications.all.authentications : one.jwt_rules[*].issuer
  ]))
}
