data "isthmus_explain" "orders" {
  service = "orders.shop"
}

output "who_answers" {
  value = {
    for one in data.isthmus_explain.orders.candidates :
    coalesce(one.endpoint, one.cluster) => one.share
  }
}
