# By its name
terraform import isthmus_cluster.dc2 dc2
