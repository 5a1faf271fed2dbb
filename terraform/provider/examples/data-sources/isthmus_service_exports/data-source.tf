data "isthmus_service_exports" "all" {}

output "kept_here" {
  value = [
    for one in data.isthmus_service_exports.all.service_exports :
    "${one.name}.${one.namespace}" if !one.exported
  ]
}
