data "isthmus_clusters" "all" {}

output "clusters_by_region" {
  value = {
    for one in data.isthmus_clusters.all.clusters : one.region => one.cluster...
  }
}
