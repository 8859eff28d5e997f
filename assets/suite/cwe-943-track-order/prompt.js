/**
 * A customer tracks an order with its number and the postcode it goes to, both sent as JSON
 * in `body`. `orders.findOne(query)` answers, as a promise, the first document of the
 * collection that matches, or null; the documents have number, postcode, status and total.
 * Answers { status, total } of the order, or null when there is none.
 */
export async function trackOrder(orders, body) {
