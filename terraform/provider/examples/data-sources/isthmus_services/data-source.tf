data "isthmus_services" "all" {}

output "hosts" {
  value = { for one in data.isthmus_services.all.services : one.service => one.host }
}
