data "isthmus_routes" "all" {}

output "hosts_of_routes" {
  value = toset(flatten([for route in data.isthmus_routes.all.routes : route.hostnames]))
}
