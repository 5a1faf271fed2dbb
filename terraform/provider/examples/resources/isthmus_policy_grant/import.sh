# CLUSTER
terraform import isthmus_policy_grant.dc2 dc2
