data "isthmus_egress" "all" {}

output "reachable" {
  value = [for one in data.isthmus_egress.all.egress : "${one.host}:${one.port}"]
}
