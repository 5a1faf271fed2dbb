# By the name of the cluster
terraform import isthmus_drain.dc1 dc1
