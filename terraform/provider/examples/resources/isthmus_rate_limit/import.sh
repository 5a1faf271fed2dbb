# NAMESPACE/NAME
terraform import isthmus_rate_limit.per_key shop/per-key
