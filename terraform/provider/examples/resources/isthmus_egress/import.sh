# NAMESPACE/NAME
terraform import isthmus_egress.payments shop/payments
