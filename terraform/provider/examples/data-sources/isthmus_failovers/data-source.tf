data "isthmus_failovers" "all" {}

output "failed_over" {
  value = {
    for one in data.isthmus_failovers.all.failovers : "${one.service}.${one.namespace}" => one.to
  }
}
