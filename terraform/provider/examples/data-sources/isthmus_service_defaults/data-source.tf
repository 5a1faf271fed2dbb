data "isthmus_service_defaults" "all" {}

output "checked" {
  value = [
    for one in data.isthmus_service_defaults.all.service_defaults :
    "${one.name}.${one.namespace}" if one.check != null
  ]
}
